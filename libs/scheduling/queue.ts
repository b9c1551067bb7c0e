import type { BackoffPolicy } from '../base/backoff.ts';
import { backoffMs } from '../base/backoff.ts';
import { EntryHeap, isBefore } from './entry-heap.ts';
import type { PodInfo } from './pod-info.ts';
import type { QueueEntry, QueueName } from './queue-entry.ts';

/** How long a pod waits after an attempt that failed for other reasons than want of room. Source: kube-scheduler. */
export const errorBackoff: BackoffPolicy = { initialMs: 1000, maxMs: 10_000 };
/** After losing a race for a node: what the other took will be known soon. */
export const raceBackoff: BackoffPolicy = { initialMs: 50, maxMs: 10_000 };
/** A pod that nothing has woken for this long is tried all the same. Source: kube-scheduler. */
export const unschedulableMsMax = 5 * 60_000;

/** Equal pods for which there is no room. */
interface Stuck {
  readonly entries: EntryHeap;
  wakesOn: number;
  /** One of them is being tried; the others wait for how it fares. */
  isProbing: boolean;
}

/**
 * Pods that wait: active ones by priority and arrival, those that back off after an error, and those without room. The
 * latter wait in classes of equal pods for a change that could help; then one of the class is tried, and when it finds
 * room the next one follows. So a change costs one attempt for each class and not for each pod.
 */
export class SchedulingQueue {
  private readonly entries = new Map<string, QueueEntry>();
  private readonly active = new EntryHeap();
  private readonly backingOff = new Set<QueueEntry>();
  private readonly stuck = new Map<string, Stuck>();
  /** Entries of each group that is placed together. */
  private readonly gangs = new Map<string, Set<QueueEntry>>();
  private arrivals = 0;

  get(uid: string): QueueEntry | undefined {
    return this.entries.get(uid);
  }

  /** Puts a pod in line; one that is there already is replaced and keeps its place. */
  add(info: PodInfo, classKey: string, nowMs: number): void {
    const known = this.remove(info.uid);
    const entry: QueueEntry = {
      info,
      classKey,
      arrival: known?.arrival ?? this.arrivals++,
      addedMs: known?.addedMs ?? nowMs,
      attempts: known?.attempts ?? 0,
      queue: 'active',
      sinceMs: nowMs,
    };
    this.enter(entry);
    this.active.push(entry);
  }

  remove(uid: string): QueueEntry | undefined {
    const entry = this.entries.get(uid);
    if (entry === undefined) return undefined;
    this.leave(entry);
    this.detach(entry);
    const stuck = this.stuck.get(entry.classKey);
    if (entry.queue !== 'unschedulable' && stuck?.isProbing) this.next(stuck);
    return entry;
  }

  /** The next pod to decide about; it stays known until `done`, `refuse` or `fail` says how it went. */
  pop(): QueueEntry | undefined {
    const entry = this.active.pop();
    if (entry === undefined) return undefined;
    entry.queue = 'deciding';
    entry.attempts++;
    return entry;
  }

  /** Groups of which members wait, as they are now. */
  gangKeys(): string[] {
    return [...this.gangs.keys()];
  }

  /** Members of a group that have no node yet. */
  gangEntries(key: string): Iterable<QueueEntry> {
    return this.gangs.get(key) ?? [];
  }

  /** All other waiting members of a group, to be decided about now; each is to be answered like one from `pop`. */
  popGang(key: string): QueueEntry[] {
    const members = [...(this.gangs.get(key) ?? [])].filter(({ queue }) => queue !== 'deciding');
    for (const entry of members) {
      this.detach(entry);
      entry.queue = 'deciding';
      entry.attempts++;
    }
    return members.sort((one, other) => (isBefore(one, other) ? -1 : 1));
  }

  /** The pod has got a node. */
  done(entry: QueueEntry): void {
    this.leave(entry);
    const stuck = this.stuck.get(entry.classKey);
    if (stuck?.isProbing) this.next(stuck);
  }

  /** There is no room for the pod until one of the changes in `wakesOn`. */
  refuse(entry: QueueEntry, wakesOn: number, nowMs: number): void {
    this.enter(entry);
    entry.queue = 'unschedulable';
    entry.sinceMs = nowMs;
    let stuck = this.stuck.get(entry.classKey);
    if (stuck === undefined) {
      stuck = { entries: new EntryHeap(), wakesOn, isProbing: false };
      this.stuck.set(entry.classKey, stuck);
    }
    stuck.wakesOn = wakesOn;
    stuck.isProbing = false;
    stuck.entries.push(entry);
  }

  /** An attempt broke off; the pod is tried again after a pause. */
  fail(entry: QueueEntry, nowMs: number, policy = errorBackoff): void {
    entry.queue = 'backoff';
    entry.sinceMs = nowMs + backoffMs(policy, entry.attempts);
    this.enter(entry);
    this.backingOff.add(entry);
  }

  /** Tries one pod of each class that waits for one of the changes. */
  wake(changes: number): void {
    for (const [classKey, stuck] of this.stuck) {
      if (stuck.entries.size === 0) this.stuck.delete(classKey);
      else if (!stuck.isProbing && (stuck.wakesOn & changes) !== 0) this.next(stuck);
    }
  }

  /** Sorts the pods without room into classes anew, for rules have changed who is alike, and tries one of each. */
  regroup(keyOf: (info: PodInfo) => string): void {
    const before = [...this.stuck.values()];
    this.stuck.clear();
    for (const entry of this.entries.values()) entry.classKey = keyOf(entry.info);
    for (const { entries, wakesOn } of before) {
      for (let entry = entries.pop(); entry !== undefined; entry = entries.pop()) {
        this.refuse(entry, wakesOn, entry.sinceMs);
      }
    }
    for (const stuck of this.stuck.values()) this.next(stuck);
  }

  /** Ends backoffs that are over and tries those that have waited for too long. */
  tick(nowMs: number): void {
    for (const entry of this.backingOff) {
      if (entry.sinceMs > nowMs) continue;
      this.backingOff.delete(entry);
      this.activate(entry);
    }
    for (const stuck of this.stuck.values()) {
      const first = stuck.entries.peek();
      if (first !== undefined && !stuck.isProbing && nowMs - first.sinceMs > unschedulableMsMax) this.next(stuck);
    }
  }

  get hasActive(): boolean {
    return this.active.size > 0;
  }

  get isBackingOff(): boolean {
    return this.backingOff.size > 0;
  }

  count(queue: QueueName): number {
    if (queue === 'active') return this.active.size;
    if (queue === 'backoff') return this.backingOff.size;
    let count = 0;
    for (const { entries } of this.stuck.values()) count += entries.size;
    return count;
  }

  private enter(entry: QueueEntry): void {
    const { uid, gang } = entry.info;
    this.entries.set(uid, entry);
    if (gang === undefined) return;
    const members = this.gangs.get(gang.key) ?? new Set();
    this.gangs.set(gang.key, members.add(entry));
  }

  private leave(entry: QueueEntry): void {
    const { uid, gang } = entry.info;
    this.entries.delete(uid);
    if (gang === undefined) return;
    const members = this.gangs.get(gang.key);
    members?.delete(entry);
    if (members?.size === 0) this.gangs.delete(gang.key);
  }

  /** Takes an entry out of whatever it waits in. */
  private detach(entry: QueueEntry): void {
    this.backingOff.delete(entry);
    this.active.remove(entry);
    this.stuck.get(entry.classKey)?.entries.remove(entry);
  }

  private next(stuck: Stuck): void {
    const entry = stuck.entries.pop();
    stuck.isProbing = entry !== undefined;
    if (entry !== undefined) this.activate(entry);
  }

  private activate(entry: QueueEntry): void {
    entry.queue = 'active';
    this.active.push(entry);
  }
}
