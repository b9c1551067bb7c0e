import type { Cluster } from '../cluster.ts';
import type { LabelClass } from '../label-classes.ts';
import type { DomainTally } from '../node-counter.ts';
import { type Judgement, type Plugin, type Refusal, scoreMax, wakesOn } from '../plugin.ts';
import type { PodShape } from '../pod-info.ts';

export const affinityReason = "node(s) didn't match pod affinity rules";
export const antiAffinityReason = "node(s) didn't match pod anti-affinity rules";
export const existingReason = "node(s) didn't satisfy existing pods anti-affinity rules";

/**
 * Where the sum of weights reaches this share of the greatest weight, the score is three quarters of the whole: what a
 * single preference weighs is no matter, only how it compares with the others.
 */
const middleShare = 0.1;

export interface InterPodAffinitySettings {
  /** What one running pod with required affinity adds to the score of the nodes near it. */
  hardPodAffinityWeight: number;
  /** Whether running pods' preferences about a newcomer are passed over. */
  ignoresPreferencesOfOthers: boolean;
}

/** One rule with the counts that it rests on. */
interface Rule {
  kind: 'near' | 'away' | 'kept away' | 'weighed';
  tally: DomainTally;
  weight: number;
}

/** Rules about the pods that run in the same domain, the pod's own and those that running pods have about it. */
export const newInterPodAffinity = (settings: InterPodAffinitySettings): Plugin => ({
  name: 'InterPodAffinity',
  wakesOn:
    wakesOn.nodeAdded |
    wakesOn.nodeLabels |
    wakesOn.podRemoved |
    wakesOn.podPlaced |
    wakesOn.namespaceLabels |
    wakesOn.podUpdated,
  judge(shape, labels, cluster) {
    const rules = rulesFor(shape, labels, { cluster, settings });
    if (rules.length === 0) return undefined;
    const near = rules.filter(({ kind }) => kind === 'near');
    const startsAlone = shape.affinity.required.every(({ term }) => cluster.classes.matches(term.definition, labels));
    // The first of a group that wants to be together may go anywhere that has the topology.
    const mayStart = () => startsAlone && near.every(({ tally }) => tally.total === 0);
    const middle = middleShare * Math.max(...rules.map(({ weight }) => Math.abs(weight)));
    const bearing: Bearing = { mayStart, middle };
    const local = rules.filter(({ tally }) => tally.column.isPerNode);
    const regional = rules.filter(({ tally }) => !tally.column.isPerNode);
    return {
      isResolvable: true,
      // Pods that are missing do not come by taking others away.
      isFinal: (_slot, refusal) => refusal === affinityReason,
      local: localJudge(local, bearing),
      regional: regionalJudge(regional, bearing),
    };
  },
});

/** Source of the weight: kube-scheduler's default. */
export const interPodAffinity = newInterPodAffinity({ hardPodAffinityWeight: 1, ignoresPreferencesOfOthers: false });

function rulesFor(
  { affinity }: PodShape,
  labels: LabelClass,
  { cluster: { table, holders }, settings }: { cluster: Cluster; settings: InterPodAffinitySettings },
): Rule[] {
  const rules: Rule[] = [];
  for (const { term, topologyKey } of affinity.required) {
    rules.push({ kind: 'near', tally: term.placed.tally(table.topology(topologyKey)), weight: 0 });
  }
  for (const { term, topologyKey } of affinity.requiredAnti) {
    rules.push({ kind: 'away', tally: term.placed.tally(table.topology(topologyKey)), weight: 0 });
  }
  for (const { term, topologyKey, weight } of affinity.preferred) {
    rules.push({ kind: 'weighed', tally: term.placed.tally(table.topology(topologyKey)), weight });
  }
  for (const term of labels.terms) {
    for (const { placed, topologyKey, weight } of holders.of(term)) {
      const tally = placed.tally(table.topology(topologyKey));
      if (weight === 'forbids') rules.push({ kind: 'kept away', tally, weight: 0 });
      else if (weight === 'wants') {
        if (settings.hardPodAffinityWeight > 0)
          rules.push({ kind: 'weighed', tally, weight: settings.hardPodAffinityWeight });
      } else if (!settings.ignoresPreferencesOfOthers) rules.push({ kind: 'weighed', tally, weight });
    }
  }
  return rules;
}

function refusalOf({ kind, tally }: Rule, slot: number, mayStart: boolean): Refusal | undefined {
  const domain = tally.column.domainOf(slot);
  const count = domain < 0 ? 0 : tally.inDomain(domain);
  if (kind === 'near') return domain >= 0 && (count > 0 || mayStart) ? undefined : affinityReason;
  if (count === 0) return undefined;
  return kind === 'away' ? antiAffinityReason : existingReason;
}

/** What rules are judged by beside their counts. */
interface Bearing {
  mayStart: () => boolean;
  /** A sum of weights that earns three quarters of the points. */
  middle: number;
}

function judge(rules: readonly Rule[], { mayStart, middle }: Bearing) {
  const binding = rules.filter(({ kind }) => kind !== 'weighed');
  const weighed = rules.filter(({ kind }) => kind === 'weighed');
  const hasNear = binding.some(({ kind }) => kind === 'near');
  const filter = (slot: number) => {
    const start = hasNear && mayStart();
    for (const rule of binding) {
      const refusal = refusalOf(rule, slot, start);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  };
  const score = (slot: number) => {
    let sum = 0;
    for (const { tally, weight } of weighed) {
      const domain = tally.column.domainOf(slot);
      if (domain >= 0) sum += tally.inDomain(domain) * weight;
    }
    return (scoreMax / 2) * (1 + sum / (Math.abs(sum) + middle));
  };
  return {
    hasNear,
    filter: binding.length > 0 ? filter : undefined,
    score: weighed.length > 0 ? score : undefined,
  };
}

function localJudge(rules: readonly Rule[], bearing: Bearing): Judgement['local'] {
  if (rules.length === 0) return undefined;
  const { hasNear, filter, score } = judge(rules, bearing);
  return { filter, score, epoch: hasNear ? () => (bearing.mayStart() ? 1 : 0) : undefined };
}

function regionalJudge(rules: readonly Rule[], bearing: Bearing): Judgement['regional'] {
  if (rules.length === 0) return undefined;
  const { filter, score } = judge(rules, bearing);
  return { filter, score, topologies: [...new Set(rules.map(({ tally }) => tally.column))] };
}
