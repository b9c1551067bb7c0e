import { assert } from '../base/assert.ts';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import {
  type Committed,
  CompactedError,
  type Entry,
  isKey,
  type ListOptions,
  type ListPage,
  type Store,
  type StoreStatus,
  StoreUnavailableError,
  type Transaction,
  transactionOperationsMax,
  type WatchBatch,
  type WatchOptions,
} from '../store/store.ts';
import { listPageAmid } from './amid.ts';
import { Connection } from './connection.ts';
import { isCompacted, storeError } from './errors.ts';
import { absentKey, KeySpace, root } from './keys.ts';
import { listPage } from './list.ts';
import { Progress } from './progress.ts';
import { endOf, isEnd, modRevisionOf, wholeModRevision } from './revisions.ts';
import { Round } from './round.ts';
import { RoundQueue } from './round-queue.ts';
import { openStream } from './stream.ts';
import type { EtcdLocation } from './url.ts';
import { watchFrom } from './watch.ts';

/** etcd looks at watches that start in the past every 100 ms. */
const compactionProbeMs = 500;
/** How many of the newest of etcd's revisions count as recent; each holds one write to a hundred. */
const recentModRevisions = 512;
/** Written to move watches on; nobody reads it. */
const progressKey = '/berth/progress';
const noValue = Buffer.from('{}');

export interface EtcdStoreOptions extends EtcdLocation {
  clock?: Clock;
}

/** Connects when first used. */
export function openEtcdStore(options: EtcdStoreOptions): Store {
  return new EtcdStore(options);
}

/** The store's transactions go to etcd in rounds, and etcd's revisions hold several of the store's. See README.md. */
class EtcdStore implements Store {
  private readonly connection: Connection;
  private readonly keys: KeySpace;
  private readonly clock: Clock;
  private readonly rounds = new RoundQueue((round) => this.send(round));
  private readonly progress: Progress;
  private readonly closing = new AbortController();

  constructor(options: EtcdStoreOptions) {
    this.clock = options.clock ?? systemClock;
    this.connection = new Connection(options, this.clock);
    this.keys = new KeySpace(options.keyPrefix);
    const move = { guards: [], writes: [{ key: progressKey, value: noValue }] };
    this.progress = new Progress(this.clock, () => this.rounds.commit(move));
  }

  async get(key: string): Promise<Entry | undefined> {
    this.assertOpen();
    const answer = await this.read('get', key);
    const stored = answer.found[0];
    return stored === undefined ? undefined : this.keys.entry(stored);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    this.assertOpen();
    const { connection, keys, clock } = this;
    const request = { connection, keys, prefix, options, compactedRevision: () => this.compactedRevision() };
    const { revision } = options;
    return revision === undefined || isEnd(revision)
      ? listPage(request)
      : listPageAmid({ ...request, clock, revision });
  }

  async commit(transaction: Transaction): Promise<Committed> {
    this.assertOpen();
    assertSound(transaction);
    if (transaction.writes.length > 0) return this.rounds.commit(transaction);
    // It need not wait for others, and others need not write it down.
    const round = new Round();
    round.take(transaction);
    const outcome = (await this.send(round))[0]!;
    if (outcome instanceof Error) throw outcome;
    this.progress.wanted(outcome.revision);
    return outcome;
  }

  async *watch(prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch> {
    this.assertOpen();
    const { connection, keys, clock } = this;
    const signal = AbortSignal.any([options.signal, this.closing.signal]);
    const afterRevision = options.afterRevision ?? (await this.newestRevision());
    yield* this.progress.of(watchFrom({ connection, keys, clock, prefix, afterRevision, signal }));
  }

  async compact(revision: number): Promise<void> {
    this.assertOpen();
    try {
      const upTo = wholeModRevision(revision);
      await this.connection.read('compact', (member) => member.compact(upTo));
    } catch (error) {
      // Another server of the same cluster got there first.
      if (!isCompacted(error)) throw storeError(error, 'compact');
    }
  }

  async status(): Promise<StoreStatus> {
    this.assertOpen();
    const revision = await this.newestRevision();
    this.progress.wanted(revision);
    return { revision, recentRevision: endOf(Math.max(1, modRevisionOf(revision) - recentModRevisions)) };
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.progress.stop();
    this.connection.close();
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new StoreUnavailableError('the store is closed');
  }

  private read(doing: string, key: string) {
    return this.connection
      .read(doing, (member) => member.range({ key: this.keys.encode(key) }))
      .catch((error) => Promise.reject(storeError(error, doing)));
  }

  private async newestRevision(): Promise<number> {
    return endOf((await this.read('read its revision', absentKey)).modRevision);
  }

  /** etcd tells its compacted revision only to a watch that starts before it, and says nothing when there is none. */
  private async compactedRevision(): Promise<number> {
    const stopper = new AbortController();
    const { signal } = stopper;
    const range = this.keys.range(absentKey);
    const told = async () => {
      try {
        for await (const _ of openStream(this.connection.member(), { ...range, startRevision: 1, signal }));
      } catch (error) {
        if (error instanceof CompactedError) return error.compactedRevision;
      }
      return 0;
    };
    const compacted = await Promise.race([told(), sleep(this.clock, compactionProbeMs, signal).catch(() => {})]);
    stopper.abort();
    return compacted ?? 0;
  }

  private async send(round: Round) {
    const message = round.message(this.keys);
    const answer = await this.connection.write('commit', (member) => member.transaction(message));
    return round.outcomes(this.keys, answer);
  }
}

/** What etcd would refuse must not come into a round with others. */
function assertSound({ guards, writes }: Transaction): void {
  assert(Math.max(guards.length, writes.length) <= transactionOperationsMax, 'too much in one transaction');
  for (const { key } of writes) {
    assert(key.startsWith(root), 'a key must begin with a slash');
    assert(isKey(key), 'a key must be text of the basic plane');
  }
  const isOnce = writes.length === 1 || new Set(writes.map(({ key }) => key)).size === writes.length;
  assert(isOnce, 'a transaction must not write a key twice');
}
