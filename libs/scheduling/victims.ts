import type { Cluster } from './cluster.ts';
import { type NodeTable, podsColumn } from './node-table.ts';
import type { Refusal } from './plugin.ts';
import { insufficient, tooManyPods } from './plugins/resources-fit.ts';
import { compareStart, type PlacedPod, type PodInfo } from './pod-info.ts';

/** Pods to evict from one node so that another fits, and what that costs. */
export interface VictimSet {
  victims: PlacedPod[];
  /** Victims whose disruption budget allows no more evictions. */
  violations: number;
}

/** Those that a pod may drive out, in any order. */
export function belowPriority(cluster: Cluster, slot: number, priority: number): PlacedPod[] {
  const pods: PlacedPod[] = [];
  for (const placed of cluster.table.podsOn[slot]!) if (placed.info.priority < priority) pods.push(placed);
  return pods;
}

/** The most important first: by priority, then by age. */
function byImportance({ info: one }: PlacedPod, { info: other }: PlacedPod): number {
  return one.priority !== other.priority ? other.priority - one.priority : compareStart(one, other);
}

/**
 * Takes all candidates off, then lets back in whoever still has room, the most important first and those protected by
 * a budget before all others. What stays out is a minimal set: no single one of it could stay.
 */
export function chooseVictims(candidates: readonly PlacedPod[], cluster: Cluster, space: Space): VictimSet | undefined {
  for (const candidate of candidates) space.remove(candidate);
  if (!space.fits()) {
    space.end(candidates);
    return undefined;
  }
  const result: VictimSet = { victims: [], violations: 0 };
  const sorted = candidates.toSorted(byImportance);
  const broken = cluster.hasBudgets ? brokenBudgets(sorted, cluster) : noneBroken;
  for (const isProtected of broken.size === 0 ? notProtected : protectedFirst) {
    for (const candidate of sorted) {
      if (broken.has(candidate) !== isProtected) continue;
      space.restore(candidate);
      if (space.fits()) continue;
      space.remove(candidate);
      result.victims.push(candidate);
      if (isProtected) result.violations++;
    }
  }
  space.end(result.victims);
  return result;
}

const noneBroken: ReadonlySet<PlacedPod> = new Set();
const notProtected = [false];
const protectedFirst = [true, false];

/** Where pods are taken off and put back to see what fits. */
export interface Space {
  remove(placed: PlacedPod): void;
  restore(placed: PlacedPod): void;
  fits(): boolean;
  /** Puts back what is still off. */
  end(removed: readonly PlacedPod[]): void;
}

/** The node's free resources as plain numbers: enough when nothing but resources speaks against the pod. */
export class ResourceSpace implements Space {
  private readonly free: number[];
  private freePods: number;
  private readonly info: PodInfo;

  constructor(info: PodInfo, slot: number, { table }: Cluster) {
    this.info = info;
    const { columns } = info.shape.requests;
    this.free = columns.map((column) => table.allocatable[column]![slot]! - table.requested[column]![slot]!);
    this.freePods = table.allocatable[podsColumn]![slot]! - table.requested[podsColumn]![slot]!;
  }

  remove(placed: PlacedPod): void {
    this.move(placed, 1);
  }

  restore(placed: PlacedPod): void {
    this.move(placed, -1);
  }

  fits(): boolean {
    const { amounts } = this.info.shape.requests;
    if (this.freePods < 1) return false;
    for (let at = 0; at < amounts.length; at++) if (amounts[at]! > this.free[at]!) return false;
    return true;
  }

  end(): void {}

  /** What the pod lacks. */
  refusals(table: NodeTable): Refusal[] {
    const { columns, amounts } = this.info.shape.requests;
    const refusals: Refusal[] = this.freePods < 1 ? [tooManyPods] : [];
    for (let at = 0; at < amounts.length; at++) {
      if (amounts[at]! > this.free[at]!) refusals.push(insufficient(table.resourceOf(columns[at]!)));
    }
    return refusals;
  }

  private move({ requests }: PlacedPod, sign: 1 | -1): void {
    const wanted = this.info.shape.requests.columns;
    this.freePods += sign;
    for (let at = 0; at < requests.columns.length; at++) {
      const place = wanted.indexOf(requests.columns[at]!);
      if (place >= 0) this.free[place]! += requests.amounts[at]! * sign;
    }
  }
}

/** The cluster itself: every plugin is asked. It is left as it was found. */
export class ClusterSpace implements Space {
  private readonly cluster: Cluster;
  private readonly ask: () => boolean;
  private readonly nodeName: string;

  constructor(cluster: Cluster, slot: number, ask: () => boolean) {
    this.cluster = cluster;
    this.ask = ask;
    this.nodeName = cluster.table.names[slot]!;
  }

  remove(placed: PlacedPod): void {
    this.cluster.displace(placed.key);
  }

  restore(placed: PlacedPod): void {
    this.cluster.placeAs(placed, this.nodeName);
  }

  fits(): boolean {
    return this.ask();
  }

  end(removed: readonly PlacedPod[]): void {
    for (const placed of removed) this.restore(placed);
  }
}

/** Candidates whose eviction, in this order, some disruption budget would no longer allow. */
function brokenBudgets(candidates: readonly PlacedPod[], cluster: Cluster): Set<PlacedPod> {
  const broken = new Set<PlacedPod>();
  const spent = new Map<object, number>();
  for (const candidate of candidates) {
    for (const budget of cluster.budgetsOf(candidate.info)) {
      const count = (spent.get(budget) ?? 0) + 1;
      spent.set(budget, count);
      if (count > budget.disruptionsAllowed) broken.add(candidate);
    }
  }
  return broken;
}
