import { assert } from '../base/assert.ts';
import {
  type Committed,
  type Entry,
  GuardFailedError,
  StoreUnavailableError,
  type Transaction,
  transactionOperationsMax,
} from '../store/store.ts';
import { encodeRowKey, keyBytesMax, positionOf } from './row.ts';

/** One batch goes to disk while the next gathers; these bound how much one flush carries. */
const batchTransactionsMax = 2048;
const batchBytesMax = 16 * 2 ** 20;
/** More transactions than this waiting is overload. */
const waitingTransactionsMax = 100_000;

/** One write of a committed transaction. */
export interface Applied {
  key: string;
  value: Uint8Array | null;
  position: number;
  revision: number;
  createRevision: number;
  row: Buffer;
}

/** What the queue needs of the store that it commits to. */
export interface CommitTarget {
  /** Revision and create revision of a key's live state. */
  stateOf(key: string): { revision: number; createRevision: number } | undefined;
  entryOf(key: string): Entry | undefined;
  newestRevision(): number;
  /** Makes a batch durable. */
  persist(applied: readonly Applied[]): Promise<void>;
  /** Makes a durable batch, which is not empty, visible in order. */
  publish(applied: readonly Applied[]): void;
}

interface Waiting {
  transaction: Transaction;
  resolve(committed: Committed): void;
  reject(error: unknown): void;
}

interface KeyState {
  revision: number;
  createRevision: number;
}

/**
 * Group commit. Transactions that arrive while one batch is being flushed form the next, are checked one after the
 * other against the state that those before them leave, and share one LMDB transaction and one flush.
 */
export class CommitQueue {
  private waiting: Waiting[] = [];
  private running = false;
  private idle: Array<() => void> = [];
  private readonly target: CommitTarget;

  constructor(target: CommitTarget) {
    this.target = target;
  }

  commit(transaction: Transaction): Promise<Committed> {
    assert(transaction.writes.length <= transactionOperationsMax, 'too many writes in one transaction');
    for (const { key } of transaction.writes) assertKey(key);
    if (this.waiting.length >= waitingTransactionsMax) {
      return Promise.reject(new StoreUnavailableError('too many transactions are waiting for the disk'));
    }
    return new Promise((resolve, reject) => {
      this.waiting.push({ transaction, resolve, reject });
      this.start();
    });
  }

  /** Resolves when nothing waits any more. */
  drained(): Promise<void> {
    if (!this.running) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  private start(): void {
    if (this.running) return;
    this.running = true;
    // Whatever else this turn of the event loop brings joins the batch.
    setImmediate(() => void this.run());
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) await new Batch(this.target, this.take()).run();
    this.running = false;
    for (const wake of this.idle.splice(0)) wake();
  }

  private take(): Waiting[] {
    let count = 0;
    let bytes = 0;
    for (; count < this.waiting.length && count < batchTransactionsMax && bytes < batchBytesMax; count++) {
      for (const { value } of this.waiting[count]!.transaction.writes) bytes += value?.byteLength ?? 0;
    }
    return this.waiting.splice(0, count);
  }
}

class Batch {
  private readonly applied: Applied[] = [];
  /** State of the keys that this batch has written so far; undefined for a removed key. */
  private readonly written = new Map<string, KeyState | undefined>();
  private readonly answers: Array<() => void> = [];
  private revision: number;
  private readonly target: CommitTarget;
  private readonly waiting: readonly Waiting[];

  constructor(target: CommitTarget, waiting: readonly Waiting[]) {
    this.target = target;
    this.waiting = waiting;
    this.revision = target.newestRevision();
  }

  async run(): Promise<void> {
    for (const waiting of this.waiting) this.decide(waiting);
    try {
      if (this.applied.length > 0) await this.target.persist(this.applied);
    } catch (error) {
      for (const waiting of this.waiting) waiting.reject(error);
      return;
    }
    if (this.applied.length > 0) this.target.publish(this.applied);
    for (const answer of this.answers) answer();
  }

  private decide(waiting: Waiting): void {
    const { guards, writes } = waiting.transaction;
    const failed = guards.filter((guard) => (this.stateOf(guard.key)?.revision ?? 0) !== guard.revision);
    if (failed.length > 0) {
      this.answers.push(() =>
        waiting.reject(new GuardFailedError(failed.map(({ key }) => ({ key, entry: this.target.entryOf(key) })))),
      );
      return;
    }
    let place = 0;
    const writeRevisions = writes.map(({ key, value }) =>
      value === null && this.stateOf(key) === undefined ? 0 : this.apply(key, value, place++),
    );
    const committed = { revision: this.revision, writeRevisions };
    this.answers.push(() => waiting.resolve(committed));
  }

  /** Answers with the write's revision. */
  private apply(key: string, value: Uint8Array | null, place: number): number {
    const revision = ++this.revision;
    const createRevision = value === null ? 0 : (this.stateOf(key)?.createRevision ?? revision);
    const position = positionOf(revision, place);
    this.applied.push({
      key,
      value,
      position,
      revision,
      createRevision,
      row: encodeRowKey(position, createRevision, key),
    });
    this.written.set(key, value === null ? undefined : { revision, createRevision });
    return revision;
  }

  private stateOf(key: string): KeyState | undefined {
    return this.written.has(key) ? this.written.get(key) : this.target.stateOf(key);
  }
}

/** Bytewise order and the row format rest on keys being ASCII. */
function assertKey(key: string): void {
  assert(key.length > 0 && key.length <= keyBytesMax, 'a key must have 1 to 1900 bytes');
  for (let at = 0; at < key.length; at++) assert(key.charCodeAt(at) < 0x80, 'a key must be ASCII');
}
