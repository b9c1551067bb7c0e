import type { IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { assert } from '../base/assert.ts';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import {
  type Committed,
  CompactedError,
  type Entry,
  GuardFailedError,
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
import { Connection } from './connection.ts';
import { isCompacted, storeError } from './errors.ts';
import { KeySpace } from './keys.ts';
import { listPage } from './list.ts';
import type { EtcdLocation } from './url.ts';
import { watchFrom } from './watch.ts';

/** etcd looks at watches that start in the past every 100 ms. */
const compactionProbeMs = 500;
/** Nobody writes this key; reads of it tell the store's revision. */
const absentKey = '/absent';

export interface EtcdStoreOptions extends EtcdLocation {
  clock?: Clock;
}

/** Connects when first used. */
export function openEtcdStore(options: EtcdStoreOptions): Store {
  return new EtcdStore(options);
}

/** One store transaction is one etcd transaction, and etcd's revisions are the store's. */
class EtcdStore implements Store {
  private readonly connection: Connection;
  private readonly keys: KeySpace;
  private readonly clock: Clock;
  private readonly closing = new AbortController();

  constructor(options: EtcdStoreOptions) {
    this.clock = options.clock ?? systemClock;
    this.connection = new Connection(options, this.clock);
    this.keys = new KeySpace(options.keyPrefix);
  }

  async get(key: string): Promise<Entry | undefined> {
    this.assertOpen();
    const answer = await this.read('get', key);
    const kv = answer.kvs[0];
    return kv === undefined ? undefined : this.keys.entry(kv);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<ListPage> {
    this.assertOpen();
    const compactedRevision = () => this.compactedRevision();
    return listPage({ connection: this.connection, keys: this.keys, prefix, options, compactedRevision });
  }

  async commit(transaction: Transaction): Promise<Committed> {
    this.assertOpen();
    const { guards, writes } = transaction;
    assert(Math.max(guards.length, writes.length) <= transactionOperationsMax, 'too much in one transaction');
    const request = this.transactionOf(transaction);
    const answer = await this.connection.write('commit', (member) => member.kv.txn(request));
    if (!answer.succeeded) throw this.guardFailure(transaction, answer);
    const committed = Number(answer.header.revision);
    return { revision: committed, writeRevisions: writes.map(() => committed) };
  }

  async *watch(prefix: string, options: WatchOptions): AsyncGenerator<WatchBatch> {
    this.assertOpen();
    const { connection, keys, clock } = this;
    const signal = AbortSignal.any([options.signal, this.closing.signal]);
    const afterRevision = options.afterRevision ?? (await this.newestRevision());
    yield* watchFrom({ connection, keys, clock, prefix, afterRevision, signal });
  }

  async compact(revision: number): Promise<void> {
    this.assertOpen();
    try {
      await this.connection.read('compact', (member) => member.kv.compact({ revision }));
    } catch (error) {
      // Another server of the same cluster got there first.
      if (!isCompacted(error)) throw storeError(error, 'compact');
    }
  }

  async status(): Promise<StoreStatus> {
    this.assertOpen();
    const [revision, compactedRevision, status] = await Promise.all([
      this.newestRevision(),
      this.compactedRevision(),
      this.connection
        .read('tell its status', (member) => member.maintenance.status())
        .catch((error) => Promise.reject(storeError(error, 'tell its status'))),
    ]);
    return {
      revision,
      compactedRevision,
      recentRevision: Math.max(compactedRevision, revision - 4096),
      sizeBytes: Number(status.dbSize),
    };
  }

  async close(): Promise<void> {
    this.closing.abort();
    this.connection.close();
  }

  private assertOpen(): void {
    if (this.closing.signal.aborted) throw new StoreUnavailableError('the store is closed');
  }

  private read(doing: string, key: string) {
    return this.connection
      .read(doing, (member) => member.kv.range({ key: this.keys.encode(key) }))
      .catch((error) => Promise.reject(storeError(error, doing)));
  }

  private async newestRevision(): Promise<number> {
    return Number((await this.read('read its revision', absentKey)).header.revision);
  }

  /** etcd tells its compacted revision only to a watch that starts before it, and says nothing when there is none. */
  private async compactedRevision(): Promise<number> {
    const stop = new AbortController();
    const { connection, keys, clock } = this;
    const probe = watchFrom({ connection, keys, clock, prefix: absentKey, afterRevision: 0, signal: stop.signal });
    const answer = probe.next().then(
      () => 0,
      (error: unknown) => (error instanceof CompactedError ? error.compactedRevision : 0),
    );
    const compacted = await Promise.race([answer, sleep(clock, compactionProbeMs).then(() => 0)]);
    stop.abort();
    return compacted;
  }

  private transactionOf({ guards, writes }: Transaction): ITxnRequest {
    return {
      compare: guards.map(({ key, revision }) => ({
        key: this.keys.encode(key),
        target: 'Mod',
        result: 'Equal',
        mod_revision: revision,
      })),
      success: writes.map(({ key, value }): IRequestOp => {
        const name = this.keys.encode(key);
        if (value === null) return { request_delete_range: { key: name } };
        return { request_put: { key: name, value: Buffer.from(value.buffer, value.byteOffset, value.byteLength) } };
      }),
      failure: guards.map(({ key }) => ({ request_range: { key: this.keys.encode(key) } })),
    };
  }

  private guardFailure({ guards }: Transaction, answer: ITxnResponse): GuardFailedError {
    const current = guards.map(({ key, revision }, at) => {
      const kv = answer.responses[at]?.response_range?.kvs[0];
      return { key, entry: kv === undefined ? undefined : this.keys.entry(kv), revision };
    });
    const failed = current.filter(({ entry, revision }) => (entry?.revision ?? 0) !== revision);
    return new GuardFailedError(failed.map(({ key, entry }) => ({ key, entry })));
  }
}
