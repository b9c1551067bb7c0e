import { CompactedError, type WatchBatch, type WatchEvent, type WatchOptions } from '../store/store.ts';

/** Bounds on the recent events that are kept in memory for watchers; older ones are read from disk. */
const recentEventsMax = 20_000;
const recentBytesMax = 16 * 2 ** 20;

/** One transaction's events. */
interface Committed {
  revision: number;
  events: readonly WatchEvent[];
  bytes: number;
}

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
  private recent: Committed[] = [];
  private recentBytes = 0;
  private recentEvents = 0;
  private newest: number;
  private closed = false;
  private readonly waiting = new Set<() => void>();
  private readonly history: FeedHistory;

  constructor(history: FeedHistory, revision: number) {
    this.history = history;
    this.newest = revision;
  }

  /** Revisions must come in order; `flush` wakes the watchers. */
  append(revision: number, events: readonly WatchEvent[]): void {
    let bytes = 0;
    for (const event of events) bytes += event.key.length + (event.value?.byteLength ?? 0);
    this.recent.push({ revision, events, bytes });
    this.recentBytes += bytes;
    this.recentEvents += events.length;
    this.newest = revision;
  }

  flush(): void {
    this.trim();
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  close(): void {
    this.closed = true;
    this.flush();
  }

  async *watch(prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch> {
    let cursor = options.afterRevision ?? this.newest;
    while (!options.signal.aborted && !this.closed) {
      if (cursor < this.history.compactedRevision()) {
        throw new CompactedError(cursor, this.history.compactedRevision());
      }
      if (cursor >= this.newest) {
        await this.next(options.signal);
        continue;
      }
      const batch = this.after(cursor, prefix);
      cursor = batch.revision;
      yield batch;
    }
  }

  private after(cursor: number, prefix: string): WatchBatch {
    const oldest = this.recent[0];
    if (oldest === undefined || oldest.revision > cursor + 1) return this.history.eventsAfter(cursor, prefix);
    const events: WatchEvent[] = [];
    for (let at = cursor + 1 - oldest.revision; at < this.recent.length; at++) {
      for (const event of this.recent[at]!.events) if (event.key.startsWith(prefix)) events.push(event);
    }
    return { events, revision: this.newest };
  }

  private next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener('abort', wake);
        this.waiting.delete(wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  private trim(): void {
    let drop = 0;
    while (this.recentBytes > recentBytesMax || this.recentEvents > recentEventsMax) {
      const oldest = this.recent[drop++]!;
      this.recentBytes -= oldest.bytes;
      this.recentEvents -= oldest.events.length;
    }
    if (drop > 0) this.recent = this.recent.slice(drop);
  }
}
