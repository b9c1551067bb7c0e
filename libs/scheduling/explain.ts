import type { V1Pod } from '../api/gen/types.ts';
import type { Cluster } from './cluster.ts';
import type { DecisionRecord, RefusedNodes } from './decision-record.ts';
import { lacksOn, lackText } from './lacks.ts';
import { resourcesFit } from './plugins/resources-fit.ts';
import type { PodInfo } from './pod-info.ts';
import { remedyFor } from './remedy.ts';
import type { SchedulerCore } from './scheduler-core.ts';

/** The plugin whose refusals come with numbers. */
const fitName = resourcesFit.name;
/** Nodes named in each group of an explanation; the rest are counted. */
const namedNodesMax = 10;

export interface ScoredNode {
  name: string;
  /** Weighted points by plugin. */
  points: Record<string, number>;
  total: number;
}

/** Why a pod goes where it goes, or nowhere. */
export interface Explanation {
  pod: string;
  /** Where it runs already. */
  runsOn?: string;
  /** The best nodes, the winner first. */
  best: ScoredNode[];
  refused: RefusedNodes[];
  /** The smallest change that would let the pod fit; only when none does. */
  remedy?: string;
  /** What was decided last, as it was then; absent when that is no longer known. */
  lastDecision?: DecisionRecord;
}

/** Explains what the scheduler would decide now. Looks at every node: for people, not for the hot path. */
export function explain(info: PodInfo, core: SchedulerCore, cluster: Cluster): Explanation {
  const { table } = cluster;
  const view = core.views.of(info);
  const choice = view.choose(info.seed);
  const refused = new Map<string, RefusedNodes>();
  const best: ScoredNode[] = [];
  for (let slot = 0; slot < table.size; slot++) {
    if (!table.exists(slot)) continue;
    const [first] = view.refusalsOf(slot);
    if (first === undefined) best.push(scored(slot));
    else count(slot, first);
  }
  best.sort((one, other) => rank(other) - rank(one));
  const remedy = best.length === 0 ? remedyFor(info, view, cluster) : undefined;
  return {
    pod: `${info.namespace}/${info.name}`,
    best: best.slice(0, namedNodesMax),
    refused: [...refused.values()].sort((one, other) => other.count - one.count),
    ...(remedy === undefined ? {} : { remedy }),
  };

  function rank({ name, total }: ScoredNode): number {
    return name === (choice && table.names[choice.slot]) ? Number.POSITIVE_INFINITY : total;
  }

  function scored(slot: number): ScoredNode {
    const points = view.scoresOf(slot);
    const total = [...points.values()].reduce((sum, each) => sum + each, 0);
    return { name: table.names[slot]!, points: Object.fromEntries(points), total };
  }

  function count(slot: number, { name, refusal, isResolvable }: ReturnType<typeof view.refusalsOf>[number]): void {
    const key = `${name}\n${refusal}`;
    const reason = refusal.replaceAll('\n', ', ');
    const group = refused.get(key) ?? { plugin: name, reason, isResolvable, count: 0, examples: [] };
    group.count++;
    if (group.examples.length < namedNodesMax) {
      group.examples.push(
        name === fitName ? lackText(table.names[slot]!, lacksOn(info, slot, cluster)) : table.names[slot]!,
      );
    }
    refused.set(key, group);
  }
}

/** Explains a pod as if it came anew: one that runs is taken off its node in thought. */
export function explainPod(pod: V1Pod, core: SchedulerCore, cluster: Cluster): Explanation {
  const uid = pod.metadata?.uid ?? '';
  const placed = cluster.displace(uid);
  const nomination = cluster.denominate(uid);
  const info = cluster.read(pod);
  try {
    return { ...explain(info, core, cluster), ...(placed && { runsOn: cluster.table.names[placed.slot] }) };
  } finally {
    cluster.forget(info);
    for (const each of [placed, nomination]) if (each) cluster.placeAs(each, cluster.table.names[each.slot]!);
  }
}
