import { CompactedError, type WatchBatch, type WatchEvent, type WatchOptions } from '../store/store.ts';
import { FeedWatch } from './feed-watch.ts';

/**
 * Bounds on the recent events that are kept in memory for watchers; older ones are read from disk. They are small, so
 * that values die young: those that outlive two small collections of garbage stay until the next large one.
 */
const recentEventsMax = 1_024;
const recentBytesMax = 512 * 1024;

/** What a watcher reads that has fallen behind the events in memory. */
export interface FeedHistory {
  compactedRevision(): number;
  /** Whole transactions after a revision, bounded in bytes, and the revision that they reach. */
  eventsAfter(revision: number, prefix: string): WatchBatch;
}

/**
 * Hands committed transactions to watchers. There is no queue for each watcher: all read the same recent events, each
 * at its own pace, and a slow one falls back to the disk. So memory is bounded and nothing is dropped.
 */
export class Feed {
  /** Events of consecutive revisions, in two halves: when the newer one is full, it takes the place of the other. */
  private older: readonly WatchEvent[] = [];
  private newer: WatchEvent[] = [];
  private newerBytes = 0;
  private newest: number;
  private closed = false;
  private readonly waiting = new Set<() => void>();
  private readonly history: FeedHistory;

  constructor(history: FeedHistory, revision: number) {
    this.history = history;
    this.newest = revision;
  }

  /** Takes the event of the next revision; `flush`, after a whole transaction, wakes the watchers. */
  append(event: WatchEvent): void {
    this.newer.push(event);
    this.newerBytes += event.key.length + (event.value?.byteLength ?? 0);
  }

  flush(): void {
    this.newest = this.newer.at(-1)?.revision ?? this.newest;
    if (this.newerBytes > recentBytesMax / 2 || this.newer.length > recentEventsMax / 2) this.turn();
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }

  close(): void {
    this.closed = true;
    this.flush();
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch> {
    let cursor = options.afterRevision ?? this.newest;
    const take = () => {
      const compacted = this.history.compactedRevision();
      if (cursor < compacted) throw new CompactedError(cursor, compacted);
      if (cursor >= this.newest) return undefined;
      const batch = this.after(cursor, prefix);
      cursor = batch.revision;
      return batch;
    };
    const wait = (wake: () => void) => void this.waiting.add(wake);
    const leave = (wake: () => void) => void this.waiting.delete(wake);
    return new FeedWatch({ take, wait, leave, isClosed: () => this.closed }, options.signal);
  }

  private after(cursor: number, prefix: string): WatchBatch {
    const oldest = this.older[0] ?? this.newer[0];
    if (oldest === undefined || oldest.revision > cursor + 1) return this.history.eventsAfter(cursor, prefix);
    const events: WatchEvent[] = [];
    for (const half of [this.older, this.newer]) {
      if (half.length === 0) continue;
      for (let at = Math.max(0, cursor + 1 - half[0]!.revision); at < half.length; at++) {
        const event = half[at]!;
        if (event.key.startsWith(prefix)) events.push(event);
      }
    }
    return { events, revision: this.newest };
  }

  private turn(): void {
    this.older = this.newer;
    this.newer = [];
    this.newerBytes = 0;
  }
}
