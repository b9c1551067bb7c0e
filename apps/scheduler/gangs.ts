import type { Clock } from '../../libs/base/clock.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import type { DecisionRecords } from '../../libs/scheduling/decision-records.ts';
import { isBefore } from '../../libs/scheduling/entry-heap.ts';
import type { Gang, GangRule } from '../../libs/scheduling/gang.ts';
import { allowed, type SchedulingHook } from '../../libs/scheduling/hooks.ts';
import { wakesOn } from '../../libs/scheduling/plugin.ts';
import type { Preemption } from '../../libs/scheduling/preemption.ts';
import type { SchedulingQueue } from '../../libs/scheduling/queue.ts';
import type { QueueEntry } from '../../libs/scheduling/queue-entry.ts';
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
  /** Hears how many members of a group with an object have a node, after each attempt. */
  groupScheduled?(key: string, progress: GroupProgress): void;
}

export interface GroupProgress {
  scheduled: number;
  /** Whether the group may run. */
  isEnough: boolean;
}

/** Members that hold their nodes while room is being made for the rest of their group. */
interface Held {
  members: Placed[];
  endMs: number;
}

interface RuledGang extends Gang {
  rule: GangRule;
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
    permit(info) {
      const gang = cluster.podGroups.inForce(info.gang);
      const rule = gang && cluster.podGroups.ruleOf(gang);
      if (rule === undefined || cluster.gangPlaced(gang!.key) >= rule.minMembers) return allowed;
      return { kind: 'wait', group: gang!.key, timeoutMs: rule.timeoutMs };
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
    const members = [first, ...this.parts.queue.popGang(gang.key)];
    members.sort((one, other) => (isBefore(one, other) ? -1 : 1));
    this.attemptAll(gang, members);
  }

  /**
   * Decides about those groups of which some members are bound and others wait, before all other pods: a scheduler that
   * died between two transactions of a large group, or between two requests, has left such.
   */
  finishBegun(): void {
    const { queue, cluster } = this.parts;
    for (const key of queue.gangKeys()) {
      if (cluster.gangPlaced(key) === 0) continue;
      const [any] = queue.gangEntries(key);
      const gang = cluster.podGroups.inForce(any?.info.gang);
      if (gang !== undefined) this.attemptAll(gang, queue.popGang(key));
    }
  }

  private attemptAll(gang: Gang, members: readonly QueueEntry[]): void {
    const { cluster } = this.parts;
    const before = cluster.gangPlaced(gang.key);
    const rule = cluster.podGroups.ruleOf(gang);
    const message =
      rule === undefined ? `pod group ${gang.key} does not exist` : shortOfMembers(gang, rule, before + members.length);
    if (rule === undefined || message !== undefined) {
      for (const entry of members) this.parts.refuse(entry, message ?? '', wakesOn.podGroups);
      this.say(gang, rule);
      return;
    }
    this.place({ ...gang, rule }, members, before);
    this.say(gang, rule);
  }

  private place(gang: RuledGang, members: readonly QueueEntry[], before: number): void {
    const placed: Placed[] = [];
    const unplaced: Unplaced[] = [];
    for (const entry of members) {
      const result = this.parts.place(entry);
      if ('refused' in result) unplaced.push({ entry, ...result });
      else placed.push(result);
    }
    if (before + placed.length >= gang.rule.minMembers) this.release(gang, placed);
    else if (this.makeRoom(gang, unplaced)) this.hold(gang, placed);
    else {
      this.giveBack(gang, placed, unplaced, before);
      return;
    }
    for (const { entry, refused, wakesOn: wakes } of unplaced) this.parts.refuse(entry, refused, wakes);
  }

  private say(gang: Gang, rule: GangRule | undefined): void {
    if (gang.rule !== undefined || rule === undefined) return;
    const scheduled = this.parts.cluster.gangPlaced(gang.key);
    this.parts.groupScheduled?.(gang.key, { scheduled, isEnough: scheduled >= rule.minMembers });
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

  private release(gang: RuledGang, placed: readonly Placed[]): void {
    const { cluster, placing } = this.parts;
    const held = this.held.get(gang.key)?.members ?? [];
    this.held.delete(gang.key);
    if (placed.length > 0) placing.confirm();
    for (const each of [...held, ...placed]) {
      // A held member may have been deleted meanwhile.
      if (cluster.placedPod(each.entry.info.uid)?.info === each.entry.info) placing.bind({ ...each, group: gang.key });
    }
  }

  private hold(gang: RuledGang, placed: readonly Placed[]): void {
    const held = this.held.get(gang.key) ?? { members: [], endMs: this.parts.clock.monotonic() + gang.rule.timeoutMs };
    held.members.push(...placed);
    for (const { ticket } of placed) this.parts.records.note(ticket, { outcome: 'held' });
    // Without any the group would wake its own members, in each turn anew.
    if (placed.length > 0) this.parts.placing.confirm();
    this.held.set(gang.key, held);
  }

  private giveBack(gang: RuledGang, placed: readonly Placed[], unplaced: readonly Unplaced[], before: number): void {
    const fit = before + placed.length;
    const why = unplaced[0]?.refused ?? '';
    const message = `pod group ${gang.key}: ${fit} of ${gang.rule.minMembers} members fit. ${why}`;
    for (const each of placed) {
      this.parts.placing.undo(each);
      this.parts.records.note(each.ticket, { outcome: 'unschedulable', message });
    }
    let wakes: number = wakesOn.podGroups;
    for (const each of unplaced) wakes |= each.wakesOn;
    for (const { entry } of [...placed, ...unplaced]) this.parts.refuse(entry, message, wakes);
  }

  /** Starts evictions if they make room for as many members as are missing; changes nothing otherwise. */
  private makeRoom(gang: RuledGang, unplaced: readonly Unplaced[]): boolean {
    const { cluster, evictions } = this.parts;
    let missing = gang.rule.minMembers - cluster.gangPlaced(gang.key);
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

function shortOfMembers(gang: Gang, { minMembers }: GangRule, present: number): string | undefined {
  if (present >= minMembers) return undefined;
  return `pod group ${gang.key} waits for members: ${present} of ${minMembers} exist`;
}
