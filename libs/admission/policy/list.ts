import type { V1MatchResources } from '../../api/gen/types.ts';
import type { KubeObject } from '../../api/meta.ts';
import { labelSelectorOf } from '../../api/selectors/label-selector.ts';
import type { Collection } from '../../cache/collection.ts';
import type { Concern } from '../webhook/matching.ts';

type AnyBinding = KubeObject & { spec?: { policyName?: string; matchResources?: V1MatchResources } };
type AnyPolicy = KubeObject & { spec?: { matchConstraints?: V1MatchResources } };

export interface Bound<Binding> {
  readonly name: string;
  readonly binding: Binding;
  readonly concern: Concern | undefined;
}

/** A policy with what puts it to use. */
export interface Hook<Policy, Binding, Made> {
  readonly name: string;
  readonly policy: Policy;
  readonly concern: Concern;
  readonly bindings: ReadonlyArray<Bound<Binding>>;
  /** What was made of the policy, once. */
  readonly made: Made;
}

/** The policies of a kind that have bindings, by name. Read again when a policy or binding has changed. */
export class PolicyList<Policy extends AnyPolicy, Binding extends AnyBinding, Made> {
  private policiesSeen = -1;
  private bindingsSeen = -1;
  private list: ReadonlyArray<Hook<Policy, Binding, Made>> = [];
  private made = new WeakMap<KubeObject, Made>();

  constructor(
    private readonly policies: Collection,
    private readonly bindings: Collection,
    private readonly make: (policy: Policy) => Made,
  ) {}

  current(): ReadonlyArray<Hook<Policy, Binding, Made>> {
    const policies = this.policies.lastChange;
    const bindings = this.bindings.lastChange;
    if (policies === this.policiesSeen && bindings === this.bindingsSeen) return this.list;
    this.list = this.policies.size === 0 ? [] : this.read();
    this.policiesSeen = policies;
    this.bindingsSeen = bindings;
    return this.list;
  }

  private read(): Array<Hook<Policy, Binding, Made>> {
    const bindings = sorted<Binding>(this.bindings).map((binding) => ({
      name: binding.metadata?.name ?? '',
      binding,
      concern: binding.spec?.matchResources && concernOf(binding.spec.matchResources, true),
    }));
    return sorted<Policy>(this.policies).flatMap((policy) => {
      const name = policy.metadata?.name ?? '';
      const own = bindings.filter(({ binding }) => binding.spec?.policyName === name);
      if (own.length === 0) return [];
      const concern = concernOf(policy.spec?.matchConstraints ?? {}, false);
      return [{ name, policy, concern, bindings: own, made: this.madeOf(policy) }];
    });
  }

  private madeOf(policy: Policy): Made {
    let made = this.made.get(policy);
    if (!made) {
      made = this.make(policy);
      this.made.set(policy, made);
    }
    return made;
  }
}

function sorted<T extends KubeObject>(collection: Collection): T[] {
  const objects = Array.from(collection.list({}), ([, document]) => document.object as T);
  return objects.sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1));
}

function concernOf(match: V1MatchResources, anyResource: boolean): Concern {
  return {
    rules: match.resourceRules ?? [],
    anyResource,
    excluded: match.excludeResourceRules ?? [],
    namespaceSelector: labelSelectorOf(match.namespaceSelector ?? {}),
    objectSelector: labelSelectorOf(match.objectSelector ?? {}),
    hook: { matchPolicy: match.matchPolicy ?? 'Equivalent' },
  };
}
