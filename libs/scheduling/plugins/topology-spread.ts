import type { Cluster } from '../cluster.ts';
import type { LabelClass } from '../label-classes.ts';
import type { DomainTally } from '../node-counter.ts';
import { admitsNode } from '../node-terms.ts';
import { type Judge, type Judgement, type Plugin, type Refusal, scoreMax, wakesOn } from '../plugin.ts';
import type { PodShape } from '../pod-info.ts';
import {
  constraintsOf,
  type DefaultConstraint,
  type SpreadConstraint,
  systemConstraints,
} from '../spread-constraints.ts';
import { repellingEffects, untolerated } from '../tolerations.ts';

export const skewReason = "node(s) didn't match pod topology spread constraints";
export const labelReason = `${skewReason} (missing required label)`;

/** One constraint with the counts that it rests on. */
class Counted {
  readonly constraint: SpreadConstraint;
  readonly tally: DomainTally;
  private readonly self: number;
  /** The count that a domain is measured by; kept by `begin`. */
  private base = 0;

  constructor(constraint: SpreadConstraint, tally: DomainTally, matchesItself: boolean) {
    this.constraint = constraint;
    this.tally = tally;
    this.self = matchesItself ? 1 : 0;
  }

  begin(): number {
    const { isRequired, minDomains } = this.constraint;
    this.base = isRequired && this.tally.domains < minDomains ? 0 : this.tally.least();
    return this.base;
  }

  refusal(slot: number): Refusal | undefined {
    const domain = this.tally.column.domainOf(slot);
    if (domain < 0) return labelReason;
    const skew = this.tally.inDomain(domain) + this.self - this.base;
    return skew > this.constraint.maxSkew ? skewReason : undefined;
  }

  /** A domain with the fewest pods scores full, one with n more a share of 1 / (n + 1). */
  score(slot: number, base: number): number {
    const domain = this.tally.column.domainOf(slot);
    if (domain < 0) return 0;
    return scoreMax / (1 + Math.max(0, this.tally.inDomain(domain) - base));
  }

  regionalScore(slot: number): number {
    return this.score(slot, this.base);
  }
}

/**
 * Keeps pods of a kind evenly over the domains of topologies: as a rule, or as a preference. Pods that state no
 * constraints are under the default ones.
 */
export const newTopologySpread = (defaults: readonly DefaultConstraint[]): Plugin => ({
  name: 'PodTopologySpread',
  wakesOn:
    wakesOn.nodeAdded |
    wakesOn.nodeLabels |
    wakesOn.nodeTaints |
    wakesOn.podRemoved |
    wakesOn.podPlaced |
    wakesOn.podUpdated,
  judge(shape, labels, cluster) {
    const constraints = constraintsOf(shape.spread, defaults);
    if (constraints.length === 0) return undefined;
    const counting: Counting = { shape, constraints, labels, cluster };
    const counted = constraints.map((constraint) => count(constraint, counting));
    const isPerNode = ({ tally }: Counted) => tally.column.isPerNode;
    const local = counted.filter(isPerNode);
    const regional = counted.filter((each) => !isPerNode(each));
    const soft = counted.filter(({ constraint }) => !constraint.isRequired).length;
    return {
      isResolvable: true,
      isFinal: (_slot, refusal) => refusal === labelReason,
      local: localJudge(local, soft),
      regional: regionalJudge(regional, soft),
      dispose() {
        for (const { constraint, tally } of counted) if (!tally.isShared) constraint.term.placed.drop(tally);
      },
    };
  },
});

export const topologySpread = newTopologySpread(systemConstraints);

interface Counting {
  shape: PodShape;
  /** All constraints of the pod. */
  constraints: readonly SpreadConstraint[];
  labels: LabelClass;
  cluster: Cluster;
}

function count(constraint: SpreadConstraint, counting: Counting): Counted {
  const { table, classes } = counting.cluster;
  const { term } = constraint;
  const column = table.topology(constraint.topologyKey);
  const eligible = eligibility(constraint, counting);
  const tally = eligible === undefined ? term.placed.tally(column) : term.placed.tallyOf(column, eligible);
  const matchesItself = constraint.isOfItself || classes.matches(term.definition, counting.labels);
  return new Counted(constraint, tally, matchesItself);
}

/** Which nodes are counted; undefined when all are. */
function eligibility({ honorsAffinity, honorsTaints }: SpreadConstraint, { shape, constraints, cluster }: Counting) {
  const { pod } = shape;
  const { table } = cluster;
  const admits = honorsAffinity ? admitsNode(pod, table) : undefined;
  const tolerations = honorsTaints ? (pod.spec?.tolerations ?? []) : undefined;
  // A node counts only when it has a place in every topology that is asked for.
  const others = constraints.length > 1 ? constraints.map(({ topologyKey }) => table.topology(topologyKey)) : [];
  if (admits === undefined && tolerations === undefined && others.length === 0) return undefined;
  return (slot: number) =>
    (admits?.(slot) ?? true) &&
    others.every((column) => column.domainOf(slot) >= 0) &&
    (tolerations === undefined || untolerated(table.taints(slot), tolerations, repellingEffects) === undefined);
}

function localJudge(counted: readonly Counted[], soft: number): Judgement['local'] {
  if (counted.length === 0) return undefined;
  const required = counted.filter(({ constraint }) => constraint.isRequired);
  return {
    ...judge(counted, soft, (each, slot) => each.score(slot, 0)),
    epoch: required.length > 0 ? epochOf(required) : undefined,
  };
}

/** A number that grows when the count that one of the constraints is measured by is another than before. */
function epochOf(counted: readonly Counted[]): () => number {
  const [only] = counted;
  if (only !== undefined && counted.length === 1) return () => only.begin();
  const seen = new Float64Array(counted.length).fill(Number.NaN);
  let epoch = 0;
  return () => {
    let isSame = true;
    for (let at = 0; at < counted.length; at++) {
      const count = counted[at]!.begin();
      if (seen[at] === count) continue;
      seen[at] = count;
      isSame = false;
    }
    if (!isSame) epoch++;
    return epoch;
  };
}

function regionalJudge(counted: readonly Counted[], soft: number): Judgement['regional'] {
  if (counted.length === 0) return undefined;
  return {
    ...judge(counted, soft, (each, slot) => each.regionalScore(slot)),
    topologies: counted.map(({ tally }) => tally.column),
    begin() {
      for (const each of counted) each.begin();
    },
  };
}

function judge(counted: readonly Counted[], soft: number, scoreOf: (each: Counted, slot: number) => number): Judge {
  const required = counted.filter(({ constraint }) => constraint.isRequired);
  const preferred = counted.filter(({ constraint }) => !constraint.isRequired);
  return {
    filter:
      required.length === 0
        ? undefined
        : (slot) => {
            for (const each of required) {
              const refusal = each.refusal(slot);
              if (refusal !== undefined) return refusal;
            }
            return undefined;
          },
    score:
      preferred.length === 0
        ? undefined
        : (slot) => {
            let sum = 0;
            for (const each of preferred) sum += scoreOf(each, slot);
            return sum / soft;
          },
  };
}
