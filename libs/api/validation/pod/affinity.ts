import type {
  V1Affinity,
  V1LabelSelector,
  V1NodeAffinity,
  V1PodAffinity,
  V1PodAffinityTerm,
  V1PreferredSchedulingTerm,
  V1TopologySpreadConstraint,
  V1WeightedPodAffinityTerm,
} from '../../gen/types.ts';
import { labelSelector, looseLabelSelector } from '../labels.ts';
import { dnsLabel, qualifiedName } from '../names.ts';
import { looseNodeSelector, looseNodeSelectorTerm, nodeSelector } from '../node-selector.ts';
import type { Report } from '../report.ts';
import {
  all,
  alwaysOneOf,
  below,
  each,
  fields,
  oneOf,
  orZero,
  positive,
  present,
  type Rule,
  required,
} from '../rule.ts';
import type { PodContext } from './context.ts';

const weight: Rule<number> = orZero((value, at) => {
  if (value < 1 || value > 100) at.invalid('must be between 1 and 100');
});

const preferredTerm: Rule<V1PreferredSchedulingTerm> = fields<V1PreferredSchedulingTerm>({
  weight,
  preference: looseNodeSelectorTerm,
});

const nodeAffinity: Rule<V1NodeAffinity, PodContext> = fields<V1NodeAffinity, PodContext>({
  requiredDuringSchedulingIgnoredDuringExecution: (selector, at, { looseNodeValues }) =>
    (looseNodeValues ? looseNodeSelector : nodeSelector)(selector, at, undefined),
  preferredDuringSchedulingIgnoredDuringExecution: each(preferredTerm),
});

/** Keys whose values are taken from the incoming pod. They need a selector to be merged into. */
function labelKeys(
  keys: readonly string[] | undefined,
  selector: V1LabelSelector | undefined,
  at: Report,
  step: string,
) {
  if (!keys?.length) return;
  if (!selector) return at.forbidden('needs a labelSelector', step);
  keys.forEach((key, i) => {
    for (const complaint of qualifiedName(key)) at.invalid(complaint, step, i);
  });
}

interface MatchKeys {
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
  readonly labelSelector?: V1LabelSelector;
}

/** The API merges matchLabelKeys into the selector as expressions; a key that is selected twice was written by hand. */
const matchKeys: Rule<MatchKeys> = ({ matchLabelKeys, mismatchLabelKeys, labelSelector: selector }, at) => {
  if (!matchLabelKeys && !mismatchLabelKeys) return;
  labelKeys(matchLabelKeys, selector, at, 'matchLabelKeys');
  labelKeys(mismatchLabelKeys, selector, at, 'mismatchLabelKeys');
  const selected = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const i = matchLabelKeys?.lastIndexOf(key) ?? -1;
    if (i >= 0 && selected.has(key)) at.invalid('is in the labelSelector as well', i);
    selected.add(key);
  }
  matchLabelKeys?.forEach((key, i) => {
    if (mismatchLabelKeys?.includes(key)) at.invalid('is in mismatchLabelKeys as well', 'matchLabelKeys', i);
  });
};

const podSelector: Rule<V1LabelSelector, PodContext> = (selector, at, { looseSelectors }) =>
  (looseSelectors ? looseLabelSelector : labelSelector)(selector, at, undefined);

const podTerm: Rule<V1PodAffinityTerm, PodContext> = all<V1PodAffinityTerm, PodContext>(
  fields<V1PodAffinityTerm, PodContext>({ labelSelector: podSelector, namespaceSelector: podSelector }),
  (term, at) => {
    for (const name of term.namespaces ?? [])
      for (const complaint of dnsLabel(name)) at.invalid(complaint, 'namespace');
  },
  matchKeys,
  (term, at) => {
    if (!term.topologyKey) at.required('', 'topologyKey');
    for (const complaint of qualifiedName(term.topologyKey ?? '')) at.invalid(complaint, 'topologyKey');
  },
);

const weightedTerm: Rule<V1WeightedPodAffinityTerm, PodContext> = fields<V1WeightedPodAffinityTerm, PodContext>({
  weight,
  podAffinityTerm: present(podTerm),
});

const podAffinity: Rule<V1PodAffinity, PodContext> = fields<V1PodAffinity, PodContext>({
  requiredDuringSchedulingIgnoredDuringExecution: each(podTerm),
  preferredDuringSchedulingIgnoredDuringExecution: each(weightedTerm),
});

export const affinity: Rule<V1Affinity, PodContext> = fields<V1Affinity, PodContext>({
  nodeAffinity,
  podAffinity,
  podAntiAffinity: podAffinity,
});

const HARD = 'DoNotSchedule';
const inclusionPolicy = oneOf(['Honor', 'Ignore']);

const spread: Rule<V1TopologySpreadConstraint> = fields<V1TopologySpreadConstraint>({
  maxSkew: orZero(positive),
  topologyKey: required(),
  whenUnsatisfiable: alwaysOneOf([HARD, 'ScheduleAnyway']),
});

const minDomains: Rule<V1TopologySpreadConstraint> = (constraint, at) => {
  if (constraint.minDomains === undefined) return;
  below(at, 'minDomains', constraint.minDomains, positive, undefined);
  if (constraint.whenUnsatisfiable !== HARD) at.invalid(`goes with ${HARD} only`, 'minDomains');
};

const spreadDetails: Rule<V1TopologySpreadConstraint> = all<V1TopologySpreadConstraint>(
  minDomains,
  fields<V1TopologySpreadConstraint>({ nodeAffinityPolicy: inclusionPolicy, nodeTaintsPolicy: inclusionPolicy }),
  matchKeys,
  fields<V1TopologySpreadConstraint>({ labelSelector }),
);

/** A topology may be constrained once for each way of not being satisfied. */
export const topologySpread: Rule<readonly V1TopologySpreadConstraint[]> = (constraints, at, context) => {
  constraints.forEach((constraint, i) => {
    at.enter(i);
    spread(constraint, at, context);
    const again = constraints.some(
      (other, j) =>
        j > i &&
        other.topologyKey === constraint.topologyKey &&
        other.whenUnsatisfiable === constraint.whenUnsatisfiable,
    );
    if (again) at.duplicate(constraint.topologyKey, '{topologyKey, whenUnsatisfiable}');
    spreadDetails(constraint, at, context);
    at.leave();
  });
};
