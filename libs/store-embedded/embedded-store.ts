import { mkdirSync } from 'node:fs';
import { type Clock, systemClock } from '../base/clock.ts';
import {
  type Committed,
  CompactedError,
  type Entry,
  type ListOptions,
  type ListPage,
  type Store,
  type StoreStatus,
  StoreUnavailableError,
  type Transaction,
  type WatchBatch,
  type WatchEvent,
  type WatchOptions,
} from '../store/store.ts';
import { type Applied, CommitQueue } from './commit-queue.ts';
import { type DirectoryLock, lockDirectory } from './directory-lock.ts';
import { Feed } from './feed.ts';
import { KeyIndex, type KeyRecord, type Version, versionAt } from './key-index.ts';
import { Log } from './log.ts';
import { encodeRowKey, positionOf } from './row.ts';

/** A watcher that reads from disk takes at most this much at once, in whole transactions. */
const historyBytesMax = 4 * 2 ** 20;
const historyEventsMax = 2000;
/** Rows removed by one disk transaction of a compaction, so that commits get their turn between them. */
const compactionRowsMax = 2000;
/** How many of the newest writes count as recent. */
const recentWrites = 4096;

export interface EmbeddedStoreOptions {
  /** A directory, created when absent. */
  path: string;
  clock?: Clock;
}

/** Opens the store; the process then owns the directory until `close`. @throws StoreUnavailableError */
export function openEmbeddedStore(options: EmbeddedStoreOptions): Store {
  return new EmbeddedStore(options);
}

/** LMDB holds a log of versions; an index of all keys in memory says where each version lies. See README.md. */
class EmbeddedStore implements Store {
  private readonly lock: DirectoryLock;
  private readonly log: Log;
  private readonly index = new KeyIndex();
  private readonly queue: CommitQueue;
  private readonly feed: Feed;
  private revision = 0;
  private compactedRevision = 0;
  private compaction: Promise<void> = Promise.resolve();
  /** Keys with versions that a compaction which was cut short should have dropped. */
  private readonly unpruned = new Set<string>();
  private closed = false;

  constructor(options: EmbeddedStoreOptions) {
    try {
      mkdirSync(options.path, { recursive: true });
    } catch (cause) {
      throw new StoreUnavailableError(`the store's directory ${options.path} cannot be made`, { cause });
    }
    this.lock = lockDirectory(options.path);
    try {
      this.log = new Log(options.path, options.clock ?? systemClock);
    } catch (error) {
      this.lock.release();
      throw error;
    }
    this.load();
    this.queue = new CommitQueue({
      stateOf: (key) => this.liveVersion(key),
      entryOf: (key) => this.entryOf(key),
      newestRevision: () => this.revision,
      persist: (applied) => this.persist(applied),
      publish: (applied) => this.publish(applied),
    });
    this.feed = new Feed(
      {
        compactedRevision: () => this.compactedRevision,
        eventsAfter: (revision, prefix) => this.eventsAfter(revision, prefix),
      },
      this.revision,
    );
  }

  async get(key: string): Promise<Entry | undefined> {
    this.assertOpen();
    return this.entryOf(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    this.assertOpen();
    const revision = options.revision ?? this.revision;
    if (revision < this.compactedRevision) throw new CompactedError(revision, this.compactedRevision);
    const limit = options.limit ?? Number.POSITIVE_INFINITY;
    const entries: Entry[] = [];
    let remaining = 0;
    for (const record of this.index.range(prefix, options.after)) {
      const version = versionAt(record, revision);
      if (version === undefined) continue;
      if (entries.length < limit) entries.push(this.entry(record, version));
      else remaining++;
    }
    return { entries, revision, more: remaining > 0, remaining };
  }

  /** Answers by the queue's own promise: one more would let those who commit go on later than need be. */
  commit(transaction: Transaction): Promise<Committed> {
    return this.closed ? Promise.reject(storeClosed()) : this.queue.commit(transaction);
  }

  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch> {
    this.assertOpen();
    return this.feed.watch(prefix, options);
  }

  async compact(revision: number): Promise<void> {
    this.assertOpen();
    const upTo = Math.min(revision, this.revision);
    const run = this.compaction.then(() => this.compactTo(upTo));
    this.compaction = run.catch(() => {});
    return run;
  }

  async status(): Promise<StoreStatus> {
    this.assertOpen();
    return {
      revision: this.revision,
      recentRevision: Math.max(this.compactedRevision, this.revision - recentWrites),
    };
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.feed.close();
    await this.queue.drained();
    await this.compaction;
    await this.log.close();
    this.lock.release();
  }

  private assertOpen(): void {
    if (this.closed) throw storeClosed();
  }

  /** Builds the index from the rows' keys. */
  private load(): void {
    const marks = this.log.marks();
    this.revision = marks.revision;
    this.compactedRevision = marks.compactedRevision;
    for (const row of this.log.keys()) {
      const { key, revision, createRevision } = row;
      const { newest } = this.index.push(key, row);
      this.revision = Math.max(this.revision, revision);
      const isObsolete = newest.older !== undefined || createRevision === 0;
      if (isObsolete && revision <= this.compactedRevision) this.unpruned.add(key);
    }
  }

  private liveVersion(key: string): Version | undefined {
    const version = this.index.get(key)?.newest;
    return version === undefined || version.createRevision === 0 ? undefined : version;
  }

  private entryOf(key: string): Entry | undefined {
    const record = this.index.get(key);
    const version = this.liveVersion(key);
    return record === undefined || version === undefined ? undefined : this.entry(record, version);
  }

  private entry(record: KeyRecord, version: Version): Entry {
    const value = this.log.value(rowOf(record.key, version));
    if (value === undefined) throw new StoreUnavailableError(`the store is damaged: no row for ${record.key}`);
    return { key: record.key, value, revision: version.revision };
  }

  private persist(applied: readonly Applied[]): Promise<void> {
    return this.log.write({ puts: applied, removals: [] });
  }

  private publish(applied: readonly Applied[]): void {
    for (const write of applied) {
      const { key, value, revision } = write;
      this.index.push(key, write);
      this.feed.append({ key, value, revision });
    }
    this.revision = applied.at(-1)!.revision;
    this.feed.flush();
  }

  private eventsAfter(after: number, prefix: string): WatchBatch {
    const events: WatchEvent[] = [];
    let bytes = 0;
    let rows = 0;
    let reached = after;
    for (const row of this.log.rows(positionOf(after + 1, 0))) {
      if (row.revision > this.revision) break;
      const full = bytes >= historyBytesMax || rows >= historyEventsMax;
      if (full && row.place === 0) return { events, revision: reached };
      reached = row.revision;
      rows++;
      bytes += row.value.byteLength;
      const { key, revision, createRevision } = row;
      if (key.startsWith(prefix)) {
        events.push({ key, revision, value: createRevision === 0 ? null : row.value });
      }
    }
    return { events, revision: this.revision };
  }

  private async compactTo(revision: number): Promise<void> {
    if (revision <= this.compactedRevision) return;
    for (const key of this.keysWrittenBetween(positionOf(this.compactedRevision, 0), revision)) {
      this.unpruned.add(key);
    }
    this.compactedRevision = revision;
    await this.log.write({ puts: [], removals: [], marks: { revision: this.revision, compactedRevision: revision } });
    let removals: Buffer[] = [];
    for (const key of this.unpruned) {
      this.unpruned.delete(key);
      removals.push(...this.prune(key, revision));
      if (removals.length < compactionRowsMax) continue;
      await this.log.write({ puts: [], removals });
      removals = [];
    }
    if (removals.length > 0) await this.log.write({ puts: [], removals });
  }

  /** Keys whose older versions a compaction may touch: those written up to its revision since the last one. */
  private keysWrittenBetween(fromPosition: number, revision: number): Set<string> {
    const keys = new Set<string>();
    for (const row of this.log.keys(fromPosition)) {
      if (row.revision > revision) break;
      keys.add(row.key);
    }
    return keys;
  }

  /** Drops the versions of a key that nothing at or after `revision` can show; returns their rows. */
  private prune(key: string, revision: number): Buffer[] {
    const record = this.index.get(key);
    if (record === undefined) return [];
    let newer: Version | undefined;
    let kept: Version | undefined = record.newest;
    while (kept !== undefined && kept.revision > revision) [newer, kept] = [kept, kept.older];
    if (kept === undefined) return [];
    const isRemoval = kept.createRevision === 0;
    let dropped = isRemoval ? kept : kept.older;
    if (!isRemoval) kept.older = undefined;
    else if (newer === undefined) this.index.remove(key);
    else newer.older = undefined;
    const rows: Buffer[] = [];
    for (; dropped !== undefined; dropped = dropped.older) {
      rows.push(rowOf(key, dropped));
    }
    return rows;
  }
}

function rowOf(key: string, { revision, place, createRevision }: Version): Buffer {
  return encodeRowKey(positionOf(revision, place), createRevision, key);
}

function storeClosed(): StoreUnavailableError {
  return new StoreUnavailableError('the store is closed');
}
