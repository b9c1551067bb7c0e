import type { V1Pod, V1TopologySpreadConstraint } from '../api/gen/types.ts';
import { labelSelectorOf, labelSelectorOfMap } from '../api/selectors/label-selector.ts';
import type { PodTerm } from './label-classes.ts';
import type { ShapeContext, SpreadOwner } from './pod-info.ts';

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
}

/** For pods that state none. Source: kube-scheduler's system defaults. */
const defaultConstraints = [
  { topologyKey: 'kubernetes.io/hostname', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
];

export function readSpread(pod: V1Pod, owner: SpreadOwner, context: ShapeContext): SpreadConstraint[] {
  const stated = pod.spec?.topologySpreadConstraints ?? [];
  if (stated.length > 0) return stated.map((constraint) => readConstraint(constraint, pod, context));
  const term = ownerTerm(pod, owner, context);
  if (term === undefined) return [];
  const common = { isRequired: false, minDomains: 0, honorsAffinity: true, honorsTaints: false, term };
  return defaultConstraints.map((constraint) => ({ ...constraint, ...common }));
}

function readConstraint(constraint: V1TopologySpreadConstraint, pod: V1Pod, context: ShapeContext): SpreadConstraint {
  const labels = pod.metadata?.labels ?? {};
  const own = (constraint.matchLabelKeys ?? [])
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator: 'In' as const, values: [labels[key]!] }));
  return {
    topologyKey: constraint.topologyKey,
    maxSkew: constraint.maxSkew,
    isRequired: constraint.whenUnsatisfiable === 'DoNotSchedule',
    minDomains: constraint.minDomains ?? 0,
    honorsAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
    honorsTaints: constraint.nodeTaintsPolicy === 'Honor',
    term: context.classes.term({
      namespaces: [pod.metadata?.namespace ?? ''],
      selector: [...labelSelectorOf(constraint.labelSelector), ...own],
    }),
  };
}

function ownerTerm(pod: V1Pod, owner: SpreadOwner, context: ShapeContext): PodTerm | undefined {
  const namespaces = [pod.metadata?.namespace ?? ''];
  const { controllerUid, serviceSelectors } = owner;
  if (controllerUid !== '') return context.classes.term({ namespaces, selector: [], controllerUid });
  if (serviceSelectors.length === 0) return undefined;
  return context.classes.term({ namespaces, selector: serviceSelectors.flatMap(labelSelectorOfMap) });
}
