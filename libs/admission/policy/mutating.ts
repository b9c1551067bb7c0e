import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1MutatingAdmissionPolicy, V1MutatingAdmissionPolicyBinding } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { StatusError } from '../../base/status.ts';
import { EvaluationError } from '../../cel/errors.ts';
import { forbidden } from '../../registry/errors.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isExempt, type MatchParts, matchWebhook } from '../webhook/matching.ts';
import { Activation } from './activation.ts';
import { type Bound, type Hook, PolicyList } from './list.ts';
import { MutatingPolicy } from './mutation.ts';
import { ConfigurationError, paramsFor } from './params.ts';
import { namespaceOf, type PolicyParts } from './validating.ts';

const group = 'admissionregistration.k8s.io';

type Policy = V1MutatingAdmissionPolicy;
type Binding = V1MutatingAdmissionPolicyBinding;
type MutatingHook = Hook<Policy, Binding, MutatingPolicy>;

/**
 * Lets the mutating policies that are bound change what is written. One that wishes to looks at the object again when
 * others have changed it after it; so do the `earlier` plugins. Costs nothing while there is none.
 */
export function mutatingPolicies(parts: PolicyParts, earlier: readonly AdmissionPlugin[]): AdmissionPlugin {
  const { mirror, equivalents } = parts;
  const collection = (plural: string) => mirror.collection(group, plural);
  const list = new PolicyList<Policy, Binding, MutatingPolicy>(
    collection('mutatingadmissionpolicies'),
    collection('mutatingadmissionpolicybindings'),
    ({ spec }) => new MutatingPolicy(spec ?? {}),
  );
  const match = { namespaces: mirror.collection('', 'namespaces'), equivalents };
  /** Requests that policies have seen before: those that look once only are not asked again. */
  const seen = new WeakSet<AdmissionAttributes>();
  return {
    name: 'MutatingAdmissionPolicy',
    admit(attributes) {
      const hooks = list.current();
      if (hooks.length === 0 || !attributes.object || isExempt(attributes.definition)) return undefined;
      if (attributes.operation !== 'create' && attributes.operation !== 'update') return undefined;
      const round = new Round(parts, match, attributes);
      const first = !seen.has(attributes);
      seen.add(attributes);
      const changed = first ? round.first(hooks) : round.again(hooks);
      round.finish();
      return first && changed ? lookAgain(earlier, attributes) : undefined;
    },
  };
}

/** The plugins that completed the object before it was changed complete it once more. */
async function lookAgain(earlier: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  const resource = `${attributes.definition.group}/${attributes.definition.plural}`;
  for (const plugin of earlier) {
    if (!plugin.resources || plugin.resources.includes(resource)) await plugin.admit?.(attributes);
  }
}

class Round {
  private readonly refusals: Array<{ message: string; isInvalid: boolean }> = [];

  constructor(
    private readonly parts: PolicyParts,
    private readonly match: MatchParts,
    private readonly attributes: AdmissionAttributes,
  ) {}

  /** Asks all in their order, and then those whose result others have changed and who wish to look again. */
  first(hooks: readonly MutatingHook[]): boolean {
    const last = hooks.map((hook) => this.ask(hook)).lastIndexOf(true);
    this.again(hooks.slice(0, Math.max(0, last)));
    return last >= 0;
  }

  again(hooks: readonly MutatingHook[]): boolean {
    const wishing = hooks.filter(({ policy }) => policy.spec?.reinvocationPolicy === 'IfNeeded');
    return wishing.map((hook) => this.ask(hook)).includes(true);
  }

  /** Whether the policy changed the object. */
  private ask(hook: MutatingHook): boolean {
    const as = matchWebhook(hook.concern, this.attributes, this.match);
    if (!as) return false;
    let changed = false;
    for (const bound of hook.bindings) {
      if (bound.concern && !matchWebhook(bound.concern, this.attributes, this.match)) continue;
      try {
        changed = this.askBound(hook, bound, as) || changed;
      } catch (error) {
        if (!(error instanceof ConfigurationError) && !(error instanceof EvaluationError)) throw error;
        if (hook.policy.spec?.failurePolicy === 'Ignore') continue;
        const isInvalid = error instanceof EvaluationError;
        const why = isInvalid ? error.message : `failed to configure binding: ${error.message}`;
        this.refusals.push({
          message: `policy '${hook.name}' with binding '${bound.name}' denied request: ${why}`,
          isInvalid,
        });
      }
    }
    return changed;
  }

  private askBound(hook: MutatingHook, { binding }: Bound<Binding>, as: ResourceDefinition): boolean {
    const { attributes, match } = this;
    const draft = attributes.object!;
    const namespace = namespaceOf(attributes, match.namespaces);
    const kind = hook.policy.spec?.paramKind;
    const params = paramsFor(this.parts, { kind, ref: binding.spec?.paramRef, namespace: attributes.at.namespace });
    const { definition } = attributes;
    const subject = {
      definition: as,
      activation: (object: KubeObject) => {
        const seen = { ...attributes, definition: as, object, previous: shownAs(attributes.previous, definition, as) };
        return new Activation({ attributes: seen, as, namespace, authorizer: this.parts.authorizer });
      },
    };
    const before = shownAs(draft, definition, as)!;
    let current = before;
    for (const param of params) current = hook.made.mutate(current, subject, param);
    if (current === before || sameValue(current, before)) return false;
    replaceContent(draft, shownAs(current, as, definition)!);
    return true;
  }

  /** @throws StatusError that says what refused. */
  finish(): void {
    const [first] = this.refusals;
    if (!first) return;
    const { definition, at } = this.attributes;
    const { details } = forbidden(definition, at.name ?? '', '');
    const causes = this.refusals.map(({ message }) => ({ message }));
    throw new StatusError(first.isInvalid ? 'Invalid' : 'Forbidden', first.message, {
      details: { ...details, causes },
    });
  }
}

function shownAs(object: KubeObject | undefined, from: ResourceDefinition, to: ResourceDefinition) {
  if (!object || from === to) return object;
  const stored = from.storedAs ? from.storedAs.toStored(object) : object;
  return to.storedAs ? to.storedAs.fromStored(stored) : stored;
}

/** The draft belongs to the writer, who goes on with it: its fields change, it stays. */
function replaceContent(draft: KubeObject, next: KubeObject): void {
  const fields = draft as unknown as Record<string, unknown>;
  for (const key of Object.keys(fields)) if (!(key in next)) delete fields[key];
  Object.assign(draft, next);
}
