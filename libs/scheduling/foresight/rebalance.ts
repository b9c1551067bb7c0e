import type { V1Pod } from '../../api/gen/types.ts';
import { fullness, loadsOf, type NodeLoad, percent, spreadOf } from './load.ts';
import { MovableRules, type Mover } from './movable.ts';
import { keyOfPod, uidOf } from './pods.ts';
import { type Relocated, Relocator } from './relocation.ts';
import type { Snapshot, World } from './world.ts';

export const goals = ['empty', 'even'] as const;
export type Goal = (typeof goals)[number];

/** A move must take at least this off the fuller of its two nodes: moves cost something too. */
const gainMin = 0.05;
/** Nodes that are tried for one pod, the likeliest first. */
const targetsMax = 16;

export interface Move {
  pod: string;
  uid: string;
  mover: Mover;
  from: string;
  to: string;
  why: string;
}

export interface Rebalance {
  goal: Goal;
  moves: Move[];
  /** Nodes that would be left without pods of their own. */
  emptied: string[];
  before: { nodesUsed: number; spread: number; fullest: number };
  after: { nodesUsed: number; spread: number; fullest: number };
  /** Why nodes or pods stay as they are. */
  kept: Array<{ what: string; why: string }>;
}

export interface RebalanceOptions {
  goal: Goal;
  maxMoves: number;
  /** `Kind/namespace/name` of what an autoscaler gives its size. */
  autoscaled?: ReadonlySet<string>;
}

/** Moves that would empty the emptiest nodes or even out the load. The world is left as it would be then. */
export function rebalance(world: World, snapshot: Snapshot, options: RebalanceOptions): Rebalance {
  return new Rebalancer(world, snapshot, options).run();
}

class Rebalancer {
  private readonly world: World;
  private readonly options: RebalanceOptions;
  private readonly rules: MovableRules;
  private readonly relocator: Relocator;
  /** Pods that may still be moved, by node. */
  private readonly pods = new Map<string, V1Pod[]>();
  private readonly moves: Move[] = [];
  private readonly emptied: string[] = [];
  private readonly kept = new Map<string, string>();

  constructor(world: World, snapshot: Snapshot, options: RebalanceOptions) {
    this.world = world;
    this.options = options;
    this.rules = new MovableRules(snapshot, options.autoscaled ?? new Set());
    this.relocator = new Relocator(world, snapshot.pods);
    for (const pod of snapshot.pods) {
      const node = world.nodeOf(pod);
      if (node === undefined || this.rules.isOfNode(pod)) continue;
      this.pods.set(node, [...(this.pods.get(node) ?? []), pod]);
    }
  }

  run(): Rebalance {
    const before = this.state();
    if (this.options.goal === 'empty') this.empty();
    else this.even();
    const kept = [...this.kept].map(([what, why]) => ({ what, why }));
    return { goal: this.options.goal, moves: this.moves, emptied: this.emptied, before, after: this.state(), kept };
  }

  private state() {
    const loads = loadsOf(this.world);
    const nodesUsed = loads.filter(({ node }) => this.isUsed(node)).length;
    return { nodesUsed, spread: spreadOf(loads), fullest: Math.max(0, ...loads.map(fullness)) };
  }

  /** Whether pods run on the node that are not the node's own. */
  private isUsed(node: string): boolean {
    const { table } = this.world.cluster;
    const slot = table.slotOf(node);
    return slot !== undefined && [...table.podsOn[slot]!].some(({ info }) => !this.rules.isOfNode(info.pod));
  }

  private isOpen(node: string): boolean {
    const { table } = this.world.cluster;
    return !table.nodes[table.slotOf(node)!]?.spec?.unschedulable;
  }

  private empty(): void {
    const inOrder = loadsOf(this.world).filter(({ node }) => this.isUsed(node));
    inOrder.sort((one, other) => fullness(one) - fullness(other));
    const received = new Set<string>();
    for (const load of inOrder) {
      // What has taken pods in is there to stay.
      if (received.has(load.node)) continue;
      const why = this.emptyOne(load);
      if (why !== undefined) this.kept.set(load.node, why);
      for (const { to } of this.moves) received.add(to);
    }
  }

  /** Returns why the node is left as it is. */
  private emptyOne(load: NodeLoad): string | undefined {
    const pods = [...(this.pods.get(load.node) ?? [])];
    if (pods.length > this.options.maxMoves - this.moves.length) return `has ${pods.length} pods to move, too many`;
    for (const pod of pods) {
      const objection = this.rules.objection(pod);
      if (objection !== undefined) return `${keyOfPod(pod)}: ${objection}`;
    }
    const size = ({ spec }: V1Pod) => JSON.stringify(spec?.containers.map(({ resources }) => resources?.requests));
    pods.sort((one, other) => (size(one) < size(other) ? 1 : -1));
    const done: Array<{ moved: Relocated; to: string; why: string }> = [];
    for (const pod of pods) {
      const step = this.toFullest(pod, load);
      if (step === undefined) {
        for (const { moved } of done.reverse()) this.relocator.undo(moved);
        return `${keyOfPod(pod)} has no place on another node in use`;
      }
      done.push(step);
    }
    for (const { moved, to, why } of done) this.note(moved.pod, { from: load.node, to, why });
    this.emptied.push(load.node);
    this.pods.delete(load.node);
    return undefined;
  }

  private toFullest(pod: V1Pod, load: NodeLoad): { moved: Relocated; to: string; why: string } | undefined {
    const targets = loadsOf(this.world).filter(
      ({ node }) => node !== load.node && this.isUsed(node) && this.isOpen(node) && !this.emptied.includes(node),
    );
    targets.sort((one, other) => fullness(other) - fullness(one));
    const fitting = targets.filter(({ node }) => this.world.admits(pod, node)).slice(0, targetsMax);
    for (const { node } of fitting) {
      const before = percent(this.fullnessOf(node));
      const moved = this.relocator.move(pod, node);
      if (moved === undefined) continue;
      const filled = `${node} ${before} -> ${percent(this.fullnessOf(node))}`;
      return { moved, to: node, why: `empties ${load.node}, ${percent(fullness(load))} full; ${filled}` };
    }
    return undefined;
  }

  private even(): void {
    while (this.moves.length < this.options.maxMoves && this.evenOnce());
  }

  private evenOnce(): boolean {
    const loads = loadsOf(this.world).sort((one, other) => fullness(other) - fullness(one));
    const mean = loads.reduce((sum, load) => sum + fullness(load), 0) / Math.max(1, loads.length);
    for (const from of loads) {
      if (fullness(from) - mean < gainMin) return false;
      for (const pod of this.pods.get(from.node) ?? []) {
        const objection = this.rules.objection(pod);
        if (objection !== undefined) this.kept.set(keyOfPod(pod), objection);
        else if (this.evenOut(pod, from, loads)) return true;
      }
    }
    return false;
  }

  /** Moves a pod to the emptiest node that takes it, if that makes the fuller of the two less full by enough. */
  private evenOut(pod: V1Pod, from: NodeLoad, loads: readonly NodeLoad[]): boolean {
    const targets = loads.filter(({ node }) => node !== from.node && this.isOpen(node)).slice(-targetsMax);
    for (const to of targets.reverse()) {
      if (fullness(from) - fullness(to) < gainMin) return false;
      const moved = this.relocator.move(pod, to.node);
      if (moved === undefined) continue;
      const [left, right] = [this.fullnessOf(from.node), this.fullnessOf(to.node)];
      if (fullness(from) - Math.max(left, right) < gainMin) {
        this.relocator.undo(moved);
        continue;
      }
      const show = (load: NodeLoad, now: number) => `${load.node} ${percent(fullness(load))} -> ${percent(now)}`;
      this.note(pod, { from: from.node, to: to.node, why: `evens ${show(from, left)} and ${show(to, right)}` });
      this.pods.set(
        from.node,
        this.pods.get(from.node)!.filter((each) => each !== pod),
      );
      return true;
    }
    return false;
  }

  private fullnessOf(node: string): number {
    const load = loadsOf(this.world).find((each) => each.node === node);
    return load === undefined ? 0 : fullness(load);
  }

  private note(pod: V1Pod, { from, to, why }: { from: string; to: string; why: string }): void {
    this.moves.push({ pod: keyOfPod(pod), uid: uidOf(pod), mover: this.rules.moverOf(pod)!, from, to, why });
  }
}
