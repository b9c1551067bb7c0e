import type { V1Pod, V1TopologySpreadConstraint } from '../api/gen/types.ts';
import { labelSelectorOf, labelSelectorOfMap } from '../api/selectors/label-selector.ts';
import { nothing } from '../api/selectors/requirement.ts';
import type { LabelClasses, PodTerm } from './label-classes.ts';

/** What a pod is spread by when it states no constraints: its controller, or the services that select it. */
export interface SpreadOwner {
  controllerUid: string;
  serviceSelectors: ReadonlyArray<Record<string, string>>;
}

export interface SpreadConstraint {
  topologyKey: string;
  maxSkew: number;
  isRequired: boolean;
  /** 0 for none. */
  minDomains: number;
  /** Whether nodes that the pod's selector and affinity refuse are left out of the count. */
  honorsAffinity: boolean;
  /** Whether nodes with taints that the pod does not tolerate are left out of the count. */
  honorsTaints: boolean;
  term: PodTerm;
  /** Counts the pod itself and no other: what kube-scheduler makes of an empty selector. */
  isOfItself?: boolean;
}

/** A constraint for pods that state none; it speaks of the pods of the same controller or services. */
export type DefaultConstraint = Pick<SpreadConstraint, 'topologyKey' | 'maxSkew' | 'isRequired'>;

/** Source: kube-scheduler's system defaults. */
export const systemConstraints: readonly DefaultConstraint[] = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3, isRequired: false },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, isRequired: false },
];

/** The constraints that a pod states, and for one that states none the pods that it belongs to. */
export interface Spread {
  readonly stated: readonly SpreadConstraint[];
  readonly ownerTerm: PodTerm | undefined;
}

export function readSpread(pod: V1Pod, owner: SpreadOwner, classes: LabelClasses): Spread {
  const stated = pod.spec?.topologySpreadConstraints ?? [];
  if (stated.length > 0) {
    return { stated: stated.map((constraint) => readConstraint(constraint, pod, classes)), ownerTerm: undefined };
  }
  return { stated: [], ownerTerm: ownerTerm(pod, owner, classes) };
}

/** What a pod is spread by under a profile. */
export function constraintsOf({ stated, ownerTerm: term }: Spread, defaults: readonly DefaultConstraint[]) {
  if (stated.length > 0 || term === undefined) return stated;
  const common = { minDomains: 0, honorsAffinity: true, honorsTaints: false, term };
  return defaults.map((constraint) => ({ ...constraint, ...common }));
}

function readConstraint(constraint: V1TopologySpreadConstraint, pod: V1Pod, classes: LabelClasses): SpreadConstraint {
  const labels = pod.metadata?.labels ?? {};
  const own = (constraint.matchLabelKeys ?? [])
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator: 'In' as const, values: [labels[key]!] }));
  const selector = [...labelSelectorOf(constraint.labelSelector), ...own];
  const isOfItself = selector.length === 0;
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    isRequired: constraint.whenUnsatisfiable === 'DoNotSchedule',
    minDomains: constraint.minDomains ?? 0,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    term: classes.term({
      namespaces: [pod.metadata?.namespace ?? ''],
      selector: isOfItself ? nothing : selector,
      isStaying: true,
    }),
    isOfItself,
  };
}

function ownerTerm(pod: V1Pod, owner: SpreadOwner, classes: LabelClasses): PodTerm | undefined {
  const namespaces = [pod.metadata?.namespace ?? ''];
  const { controllerUid, serviceSelectors } = owner;
  if (controllerUid !== '') return classes.term({ namespaces, selector: [], controllerUid, isStaying: true });
  if (serviceSelectors.length === 0) return undefined;
  return classes.term({ namespaces, selector: serviceSelectors.flatMap(labelSelectorOfMap), isStaying: true });
}
