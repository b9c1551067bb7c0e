import type { Clock } from '../../libs/base/clock.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import type { DecisionRecords } from '../../libs/scheduling/decision-records.ts';
import { isBefore } from '../../libs/scheduling/entry-heap.ts';
import type { Gang } from '../../libs/scheduling/gang.ts';
import { allowed, type SchedulingHook } from '../../libs/scheduling/hooks.ts';
import type { Preemption } from '../../libs/scheduling/preemption.ts';
import type { QueueEntry, SchedulingQueue } from '../../libs/scheduling/queue.ts';
import type { SchedulerCore } from '../../libs/scheduling/scheduler-core.ts';
import type { Evictions } from './evictions.ts';
import type { Placed, Placing } from './placing.ts';

export interface GangParts {
  cluster: Cluster;
  core: SchedulerCore;
  queue: SchedulingQueue;
  placing: Placing;
  evictions: Evictions;
  records: DecisionRecords;
  clock: Clock;
  /** Decides about one member and gives it its node; undefined when there is none. */
  place(entry: QueueEntry): Placed | { refused: string; wakesOn: number };
  /** Says of a member why it waits. */
  refuse(entry: QueueEntry, message: string, wakesOn: number): void;
}

/** Members that hold their nodes while room is being made for the rest of their group. */
interface Held {
  members: Placed[];
  endMs: number;
}

interface Unplaced {
  entry: QueueEntry;
  refused: string;
  wakesOn: number;
}

/** Permits a member of a group once enough of the group have a node. */
export function gangHook(cluster: Cluster): SchedulingHook {
  return {
    name: 'GangScheduling',
    permit({ gang }) {
      if (gang === undefined || cluster.gangPlaced(gang.key) >= gang.minMembers) return allowed;
      return { kind: 'wait', group: gang.key, timeoutMs: gang.timeoutMs };
    },
  };
}

/**
 * Places groups: all members that wait are decided about in one go, and unless enough of them find a node each gives its
 * own back at once. So no two groups ever wait for nodes that the other holds. Only while victims leave for the sake of
 * a group are nodes held, and not longer than its timeout.
 */
export class Gangs {
  private readonly held = new Map<string, Held>();
  private readonly parts: GangParts;

  constructor(parts: GangParts) {
    this.parts = parts;
  }

  /** Decides about the whole group of a member that was just taken from the queue. */
  attempt(first: QueueEntry, gang: Gang): void {
    const { queue, cluster } = this.parts;
    const members = [first, ...queue.popGang(gang.key)].sort((one, other) => (isBefore(one, other) ? -1 : 1));
    const before = cluster.gangPlaced(gang.key);
    const present = before + members.length;
    if (present < gang.minMembers) {
      const message = `pod group ${gang.key} waits for members: ${present} of ${gang.minMembers} exist`;
      for (const entry of members) this.parts.refuse(entry, message, 0);
      return;
    }
    const placed: Placed[] = [];
    const unplaced: Unplaced[] = [];
    for (const entry of members) {
      const result = this.parts.place(entry);
      if ('refused' in result) unplaced.push({ entry, ...result });
      else placed.push(result);
    }
    if (before + placed.length >= gang.minMembers) this.release(gang, placed);
    else if (this.makeRoom(gang, unplaced)) this.hold(gang, placed);
    else {
      this.giveBack(gang, placed, unplaced, before);
      return;
    }
    for (const { entry, refused, wakesOn } of unplaced) this.parts.refuse(entry, refused, wakesOn);
  }

  /** Gives back what was held for too long. */
  tick(nowMs: number): void {
    for (const [key, { members, endMs }] of this.held) {
      if (endMs > nowMs) continue;
      this.held.delete(key);
      const { length } = members;
      for (const { info } of this.parts.queue.gangEntries(key)) this.parts.cluster.denominate(info.uid);
      const message = `pod group ${key}: room for the others was not made in time; ${length} gave their nodes back`;
      for (const placed of members) {
        if (this.parts.placing.takeBack(placed)) this.parts.refuse(placed.entry, message, -1);
      }
    }
  }

  get isHolding(): boolean {
    return this.held.size > 0;
  }

  private release(gang: Gang, placed: readonly Placed[]): void {
    const { cluster, placing } = this.parts;
    const held = this.held.get(gang.key)?.members ?? [];
    this.held.delete(gang.key);
    for (const each of [...held, ...placed]) {
      // A held member may have been deleted meanwhile.
      if (cluster.placedPod(each.entry.info.uid)?.info === each.entry.info) placing.bind({ ...each, group: gang.key });
    }
  }

  private hold(gang: Gang, placed: readonly Placed[]): void {
    const held = this.held.get(gang.key) ?? { members: [], endMs: this.parts.clock.monotonic() + gang.timeoutMs };
    held.members.push(...placed);
    for (const { ticket } of placed) this.parts.records.note(ticket, { outcome: 'held' });
    this.held.set(gang.key, held);
  }

  private giveBack(gang: Gang, placed: readonly Placed[], unplaced: readonly Unplaced[], before: number): void {
    const fit = before + placed.length;
    const why = unplaced[0]?.refused ?? '';
    const message = `pod group ${gang.key}: ${fit} of ${gang.minMembers} members fit. ${why}`;
    for (const each of placed) {
      this.parts.placing.takeBack(each);
      this.parts.records.note(each.ticket, { outcome: 'unschedulable', message });
    }
    let wakesOn = 0;
    for (const each of unplaced) wakesOn |= each.wakesOn;
    for (const { entry } of [...placed, ...unplaced]) this.parts.refuse(entry, message, wakesOn);
  }

  /** Starts evictions if they make room for as many members as are missing; changes nothing otherwise. */
  private makeRoom(gang: Gang, unplaced: readonly Unplaced[]): boolean {
    const { cluster, evictions } = this.parts;
    let missing = gang.minMembers - cluster.gangPlaced(gang.key);
    const found: Array<{ entry: QueueEntry; preemption: Preemption }> = [];
    for (const { entry } of unplaced) {
      if (missing === 0) break;
      if (cluster.nominationOf(entry.info.uid) === undefined) {
        const preemption = this.roomFor(entry);
        if (preemption === undefined) continue;
        // In thought: the next member must find other room.
        for (const victim of preemption.victims) cluster.displace(victim.key);
        cluster.nominate(entry.info, preemption.nodeName);
        found.push({ entry, preemption });
      }
      missing--;
    }
    for (const { entry, preemption } of found) {
      cluster.denominate(entry.info.uid);
      for (const victim of preemption.victims) cluster.placeAs(victim, preemption.nodeName);
    }
    if (missing > 0) return false;
    for (const { entry, preemption } of found) evictions.start(entry.info, preemption);
    return true;
  }

  /** Where a member would go: to room that others leave already, or to such that is to be made. */
  private roomFor({ info }: QueueEntry): Preemption | undefined {
    const decision = this.parts.core.decide(info);
    if (decision.kind === 'node') return { ...decision, victims: [] };
    return this.parts.core.preempt(info);
  }
}
