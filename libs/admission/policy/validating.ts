import type { ResourceDefinition } from '../../api/definition.ts';
import type { V1ValidatingAdmissionPolicy, V1ValidatingAdmissionPolicyBinding } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Authorizer } from '../../auth/attributes.ts';
import { StatusError, type StatusReason } from '../../base/status.ts';
import type { Collection } from '../../cache/collection.ts';
import { forbidden, notFound } from '../../registry/errors.ts';
import type { AdmissionAttributes } from '../../registry/parts.ts';
import type { AdmissionPlugin } from '../chain.ts';
import { isExempt, type MatchParts, matchWebhook } from '../webhook/matching.ts';
import { Activation } from './activation.ts';
import { type Bound, type Hook, PolicyList } from './list.ts';
import { ConfigurationError, type ParamParts, paramsFor } from './params.ts';
import { type Decision, Notes, ValidatingPolicy } from './validation.ts';

const group = 'admissionregistration.k8s.io';

export interface PolicyParts extends ParamParts {
  readonly authorizer: Authorizer;
  /** Other versions of the same objects that are served. */
  equivalents(definition: ResourceDefinition): readonly ResourceDefinition[];
}

type Policy = V1ValidatingAdmissionPolicy;
type Binding = V1ValidatingAdmissionPolicyBinding;
type ValidatingHook = Hook<Policy, Binding, ValidatingPolicy>;

/** Holds requests to the validating policies that are bound. Costs nothing while there is none. */
export function validatingPolicies(parts: PolicyParts): AdmissionPlugin {
  const { mirror, equivalents } = parts;
  const collection = (plural: string) => mirror.collection(group, plural);
  const list = new PolicyList<Policy, Binding, ValidatingPolicy>(
    collection('validatingadmissionpolicies'),
    collection('validatingadmissionpolicybindings'),
    ({ spec }) => new ValidatingPolicy(spec ?? {}),
  );
  const match = { namespaces: mirror.collection('', 'namespaces'), equivalents };
  return {
    name: 'ValidatingAdmissionPolicy',
    connects: true,
    validate(attributes) {
      const hooks = list.current();
      if (hooks.length === 0 || isExempt(attributes.definition)) return;
      const round = new Round(parts, match, attributes);
      for (const hook of hooks) round.ask(hook);
      round.finish();
    },
  };
}

interface Denial {
  readonly hook: ValidatingHook;
  readonly binding?: Bound<Binding>;
  readonly message: string;
  readonly reason?: string;
}

/** All policies and one request. */
class Round {
  private readonly denials: Denial[] = [];
  private readonly activations = new Map<ResourceDefinition, Activation>();

  constructor(
    private readonly parts: PolicyParts,
    private readonly match: MatchParts,
    private readonly attributes: AdmissionAttributes,
  ) {}

  ask(hook: ValidatingHook): void {
    const as = matchWebhook(hook.concern, this.attributes, this.match);
    if (!as) return;
    const notes = new Notes();
    for (const binding of hook.bindings) {
      if (binding.concern && !matchWebhook(binding.concern, this.attributes, this.match)) continue;
      try {
        this.askBound(hook, binding, { as, notes });
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error;
        if (hook.policy.spec?.failurePolicy === 'Ignore') continue;
        this.denials.push({ hook, binding, message: `failed to configure binding: ${error.message}` });
      }
    }
    notes.publish(hook.name, this.attributes.request);
  }

  private askBound(hook: ValidatingHook, bound: Bound<Binding>, to: { as: ResourceDefinition; notes: Notes }): void {
    const kind = hook.policy.spec?.paramKind;
    const ref = bound.binding.spec?.paramRef;
    const params = paramsFor(this.parts, { kind, ref, namespace: this.attributes.at.namespace });
    for (const param of params) {
      const { decisions, annotations } = hook.made.validate(this.activationAs(to.as), param);
      for (const decision of decisions) this.take(hook, bound, decision);
      for (const { key, value, error } of annotations) {
        if (error === undefined) to.notes.add(key, value ?? '');
        else this.denials.push({ hook, binding: bound, message: error });
      }
    }
  }

  private activationAs(as: ResourceDefinition): Activation {
    let activation = this.activations.get(as);
    if (!activation) {
      const { attributes, parts } = this;
      const namespace = namespaceOf(attributes, this.match.namespaces);
      activation = new Activation({ attributes, as, namespace, authorizer: parts.authorizer });
      this.activations.set(as, activation);
    }
    return activation;
  }

  private take(hook: ValidatingHook, bound: Bound<Binding>, { message, reason, index }: Decision): void {
    const { request } = this.attributes;
    const actions = bound.binding.spec?.validationActions ?? [];
    const by = `ValidatingAdmissionPolicy '${hook.name}' with binding '${bound.name}'`;
    if (actions.includes('Deny')) this.denials.push({ hook, binding: bound, message, reason });
    if (actions.includes('Warn')) request.warn(`Validation failed for ${by}: ${message}`);
    if (!actions.includes('Audit')) return;
    const failure = {
      ...{ message, policy: hook.name, binding: bound.name, expressionIndex: index, validationActions: actions },
    };
    request.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]));
  }

  /** @throws StatusError with the first refusal. */
  finish(): void {
    const [first] = this.denials;
    if (!first) return;
    const { definition, at } = this.attributes;
    const bound = first.binding ? ` with binding '${first.binding.name}'` : '';
    const message = `ValidatingAdmissionPolicy '${first.hook.name}'${bound} denied request: ${first.message}`;
    const refusal = forbidden(definition, at.name ?? this.attributes.object?.metadata?.generateName ?? '', message);
    const reason = (first.reason as StatusReason | undefined) ?? 'Invalid';
    throw new StatusError(reason, refusal.message, { details: { ...refusal.details, causes: [{ message }] } });
  }
}

/** Nothing for what is in no namespace, and for namespaces themselves. */
export function namespaceOf({ definition, at }: AdmissionAttributes, namespaces: Collection): KubeObject | undefined {
  if (!at.namespace || (definition.group === '' && definition.plural === 'namespaces')) return undefined;
  const found = namespaces.get(at.namespace)?.object;
  if (!found) throw notFound({ group: '', plural: 'namespaces' }, at.namespace);
  return found;
}
