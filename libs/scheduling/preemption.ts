import type { ClassView } from './class-view.ts';
import type { Cluster } from './cluster.ts';
import type { Refusal } from './plugin.ts';
import { type PlacedPod, type PodInfo, startOf } from './pod-info.ts';
import { excluded, Tournament } from './tournament.ts';
import { ClusterSpace, chooseVictims, lessImportant, ResourceSpace, type VictimSet } from './victims.ts';

/** Nodes looked at when plugins must be asked about each set of victims. Source: kube-scheduler's minimum. */
const simulatedNodesMax = 100;
/** Rankings kept, each of about 16 bytes a node. */
const rankingsMax = 64;
/** Costs are whole numbers below it, so that a larger score is a smaller cost. */
const costMax = 2 ** 52;
const countMax = 2 ** 16 - 1;
const priorityBase = 2 ** 31;
const noVictims = 'No preemption victims found for incoming pod';

/** A node and who would have to leave it. */
interface Found {
  slot: number;
  set: VictimSet;
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
   * or what is in the way without those. Beyond as many nodes as are simulated only the former is said.
   */
  objections(info: PodInfo, view: ClassView, nodes: number): Map<Refusal, number> {
    const { table, lowestPriority } = this.cluster;
    const counts = new Map<Refusal, number>();
    if (info.priority > lowestPriority && table.count <= simulatedNodesMax) {
      for (let slot = 0; slot < table.size; slot++) {
        const candidates = view.isResolvable(slot) ? lessImportant(this.cluster, slot, info.priority) : [];
        const reasons = candidates.length > 0 ? this.refusalWithout(candidates, slot, view)?.split('\n') : undefined;
        if (reasons === undefined) continue;
        nodes--;
        for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
      }
    }
    if (nodes > 0) counts.set(noVictims, nodes);
    return counts;
  }

  private refusalWithout(candidates: readonly PlacedPod[], slot: number, view: ClassView): Refusal | undefined {
    for (const { key } of candidates) this.cluster.displace(key);
    const refusal = view.refusalAfresh(slot);
    for (const candidate of candidates) this.cluster.placeAs(candidate, this.cluster.table.names[slot]!);
    return refusal;
  }

  private byRanking(info: PodInfo, classKey: string, view: ClassView): Preemption | undefined {
    const ranking = this.rankings.get(classKey) ?? new VictimRanking(this.cluster, info, view);
    this.rankings.delete(classKey);
    this.rankings.set(classKey, ranking);
    if (this.rankings.size > rankingsMax) this.rankings.delete(this.rankings.keys().next().value!);
    const slots = ranking.best(view, info.seed);
    let best: Found | undefined;
    for (const slot of slots) {
      const found = { slot, set: resourceVictims(info, slot, this.cluster)! };
      if (best === undefined || isGentler(found.set, best.set)) best = found;
    }
    return best && this.preemption(best.slot, best.set);
  }

  private bySimulation(info: PodInfo, view: ClassView): Preemption | undefined {
    const { table } = this.cluster;
    let best: Found | undefined;
    let looked = 0;
    for (let at = 0; at < table.size && looked < simulatedNodesMax; at++) {
      const slot = (at + info.seed) % table.size;
      if (!view.isResolvable(slot)) continue;
      const candidates = lessImportant(this.cluster, slot, info.priority);
      if (candidates.length === 0) continue;
      looked++;
      const space = new ClusterSpace(this.cluster, slot, () => view.fits(slot));
      const set = chooseVictims(candidates, this.cluster, space);
      if (set === undefined) continue;
      if (best === undefined || isGentler(set, best.set)) best = { slot, set };
    }
    return best && this.preemption(best.slot, best.set);
  }

  private preemption(slot: number, { victims }: VictimSet): Preemption {
    return { slot, nodeName: this.cluster.table.names[slot]!, victims };
  }
}

/** Least harm first: no broken budgets, then a low highest priority among the victims, then few of them. */
function costOf({ victims, violations }: VictimSet): number {
  let highest = -priorityBase;
  for (const { info } of victims) highest = Math.max(highest, info.priority);
  const harm = Math.min(violations, 15) * 2 ** 48 + (highest + priorityBase) * 2 ** 16;
  return Math.min(costMax - 1, harm + Math.min(victims.length, countMax));
}

/** Of equal harm is less where the victims' priorities add up to less, then where the most important have run shorter. */
function isGentler(one: VictimSet, other: VictimSet): boolean {
  const byCost = costOf(one) - costOf(other);
  if (byCost !== 0) return byCost < 0;
  const bySum = sumOf(one) - sumOf(other);
  return bySum === 0 ? firstStart(one) > firstStart(other) : bySum < 0;
}

const sumOf = ({ victims }: VictimSet) => victims.reduce((sum, { info }) => sum + info.priority, 0);

/** When the oldest of the most important victims started. */
function firstStart({ victims }: VictimSet): string {
  const highest = Math.max(...victims.map(({ info }) => info.priority));
  const starts = victims.filter(({ info }) => info.priority === highest).map(({ info }) => startOf(info));
  return starts.sort()[0] ?? '';
}

function resourceVictims(info: PodInfo, slot: number, cluster: Cluster): VictimSet | undefined {
  const candidates = lessImportant(cluster, slot, info.priority);
  return candidates.length === 0
    ? undefined
    : chooseVictims(candidates, cluster, new ResourceSpace(info, slot, cluster));
}

/** All nodes by what giving them to a pod of one class would cost; judged again only where something has changed. */
class VictimRanking {
  private readonly nodes = new Tournament();
  private places: number[] = [];
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

  /** The node with the lowest cost, and in a small cluster all such nodes. */
  best(view: ClassView, seed: number): number[] {
    const { table, budgetVersion } = this.cluster;
    this.view = view;
    const isWhole = this.seen < 0 || this.budgetVersion !== budgetVersion;
    if (isWhole || !table.changesSince(this.seen, (slot) => this.rank(slot))) {
      for (let slot = 0; slot < table.size; slot++) this.rank(slot);
    }
    this.seen = table.sequence;
    this.budgetVersion = budgetVersion;
    const { best } = this.nodes;
    if (best === excluded) return [];
    const first = this.nodes.pick(seed);
    if (table.count > simulatedNodesMax) return [first];
    const others = this.places.flatMap((place, slot) =>
      slot !== first && this.nodes.scoreAt(place) === best ? [slot] : [],
    );
    return [first, ...others];
  }

  private rank(slot: number): void {
    const set = this.view.isResolvable(slot) ? resourceVictims(this.info, slot, this.cluster) : undefined;
    let place = this.places[slot];
    if (place === undefined) {
      place = this.nodes.enter(slot);
      this.places[slot] = place;
    }
    this.nodes.set(place, set === undefined ? excluded : costMax - costOf(set));
  }
}
