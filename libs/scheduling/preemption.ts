import type { ClassView } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import { compareHarm, type Harm, harmOf } from './harm.ts';
import { HarmTree } from './harm-tree.ts';
import type { Refusal } from './plugin.ts';
import type { PlacedPod, PodInfo } from './pod-info.ts';
import { belowPriority, ClusterSpace, chooseVictims, ResourceSpace, type VictimSet } from './victims.ts';

/** Nodes looked at when plugins must be asked about each set of victims. Source: kube-scheduler's minimum. */
const simulatedNodesMax = 100;
/** Nodes that plugins are asked about only to say what still keeps a pod away without all less important ones. */
const explainedNodesMax = 16;
/** Rankings kept, each of about 100 bytes a node. */
const rankingsMax = 64;
const noVictims = 'No preemption victims found for incoming pod';

/** A node and who would have to leave it. */
interface Found {
  slot: number;
  set: VictimSet;
  harm: Harm;
}

export interface Preemption {
  slot: number;
  nodeName: string;
  victims: readonly PlacedPod[];
}

/** Finds the node that a pod can be given with the least harm to pods of lower priority. Nothing is evicted here. */
export class Preemptor {
  private readonly rankings = new Map<string, VictimRanking>();
  private readonly cluster: Cluster;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  find(info: PodInfo, classKey: string, view: ClassView): Preemption | undefined {
    if (info.pod.spec?.preemptionPolicy === 'Never' || info.priority <= this.cluster.lowestPriority) return undefined;
    view.refresh();
    return view.restsOnResourcesAlone ? this.byRanking(info, classKey, view) : this.bySimulation(info, view);
  }

  /**
   * What speaks against a pod on `nodes` nodes that pods alone may keep it from: that no less important pod is there,
   * or what is in the way without those. Only the former is said beyond as many nodes as are simulated, and beyond much
   * fewer when that takes more than arithmetic.
   */
  objections(info: PodInfo, view: ClassView, nodes: number): Map<Refusal, number> {
    const { table, lowestPriority } = this.cluster;
    const counts = new Map<Refusal, number>();
    const nodesMax = view.restsOnResourcesAlone ? simulatedNodesMax : explainedNodesMax;
    if (info.priority > lowestPriority && table.count <= nodesMax) {
      for (const slot of resolvableSlots(view, table.size)) {
        const reasons = this.refusalsWithout(info, slot, view);
        if (reasons.length === 0) continue;
        nodes--;
        for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    if (nodes > 0) counts.set(noVictims, nodes);
    return counts;
  }

  /** What a node lacks without its less important pods; nothing when there are none of those. */
  private refusalsWithout(info: PodInfo, slot: number, view: ClassView): readonly Refusal[] {
    const { cluster } = this;
    const candidates = belowPriority(cluster, slot, info.priority);
    if (candidates.length === 0) return [];
    if (view.restsOnResourcesAlone) {
      const space = new ResourceSpace(info, slot, cluster);
      for (const candidate of candidates) space.remove(candidate);
      return space.refusals(cluster.table);
    }
    for (const { key } of candidates) cluster.displace(key);
    const refusal = view.refusalAfresh(slot);
    for (const candidate of candidates) cluster.placeAs(candidate, cluster.table.names[slot]!);
    return refusal?.split('\n') ?? [];
  }

  private byRanking(info: PodInfo, classKey: string, view: ClassView): Preemption | undefined {
    const ranking = this.rankings.get(classKey) ?? new VictimRanking(this.cluster, info, view);
    this.rankings.delete(classKey);
    this.rankings.set(classKey, ranking);
    if (this.rankings.size > rankingsMax) this.rankings.delete(this.rankings.keys().next().value!);
    const slot = ranking.best(view, info.seed);
    return slot === undefined ? undefined : this.preemption(slot, resourceVictims(info, slot, this.cluster)!);
  }

  private bySimulation(info: PodInfo, view: ClassView): Preemption | undefined {
    const { table } = this.cluster;
    let best: Found | undefined;
    let looked = 0;
    // Told apart before any pod is taken off: afterwards regions look as they did without it.
    for (const slot of resolvableSlots(view, table.size, info.seed)) {
      if (looked === simulatedNodesMax) break;
      const candidates = belowPriority(this.cluster, slot, info.priority);
      if (candidates.length === 0) continue;
      looked++;
      const space = new ClusterSpace(this.cluster, slot, () => view.fits(slot));
      const set = chooseVictims(candidates, this.cluster, space);
      if (set === undefined) continue;
      const harm = harmOf(set);
      if (best === undefined || compareHarm(harm, best.harm) < 0) best = { slot, set, harm };
    }
    return best && this.preemption(best.slot, best.set);
  }

  private preemption(slot: number, { victims }: VictimSet): Preemption {
    return { slot, nodeName: this.cluster.table.names[slot]!, victims };
  }
}

/** Nodes that pods alone may keep the pod from, from one of them on. */
function resolvableSlots(view: ClassView, size: number, first = 0): number[] {
  const slots: number[] = [];
  for (let at = 0; at < size; at++) if (view.isResolvable((at + first) % size)) slots.push((at + first) % size);
  return slots;
}

function resourceVictims(info: PodInfo, slot: number, cluster: Cluster): VictimSet | undefined {
  const candidates = belowPriority(cluster, slot, info.priority);
  return candidates.length === 0
    ? undefined
    : chooseVictims(candidates, cluster, new ResourceSpace(info, slot, cluster));
}

/** All nodes by what giving them to a pod of one class would cost; judged again only where something has changed. */
class VictimRanking {
  private readonly nodes = new HarmTree();
  private seen = -1;
  private budgetVersion = -1;
  private readonly cluster: Cluster;
  private readonly info: PodInfo;
  private view: ClassView;

  constructor(cluster: Cluster, info: PodInfo, view: ClassView) {
    this.cluster = cluster;
    this.info = info;
    this.view = view;
  }

  /** The node with the least harm. */
  best(view: ClassView, seed: number): number | undefined {
    const { table, budgetVersion } = this.cluster;
    this.view = view;
    const isWhole = this.seen < 0 || this.budgetVersion !== budgetVersion;
    if (isWhole || !table.changesSince(this.seen, (slot) => this.rank(slot))) {
      for (let slot = 0; slot < table.size; slot++) this.rank(slot);
    }
    this.seen = table.sequence;
    this.budgetVersion = budgetVersion;
    return this.nodes.pick(seed);
  }

  private rank(slot: number): void {
    const set = this.view.isResolvable(slot) ? resourceVictims(this.info, slot, this.cluster) : undefined;
    this.nodes.set(slot, set && harmOf(set));
  }
}
