import { assert } from '../base/assert.ts';
import {
  type Committed,
  type Entry,
  type Guard,
  GuardFailedError,
  isKey,
  StoreUnavailableError,
  type Transaction,
  transactionOperationsMax,
  type Write,
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
  /** Within its transaction. */
  place: number;
  revision: number;
  /** 0 for a removal. */
  createRevision: number;
  row: Buffer;
}

interface KeyState {
  revision: number;
  createRevision: number;
}

/** What the queue needs of the store that it commits to. */
export interface CommitTarget {
  /** Revision and create revision of a key's live state. */
  stateOf(key: string): KeyState | undefined;
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
    if (this.waiting.length >= waitingTransactionsMax) {
      return Promise.reject(new StoreUnavailableError('too many transactions are waiting for the disk'));
    }
    return new Promise((resolve, reject) => {
      assert(transaction.writes.length <= transactionOperationsMax, 'too many writes in one transaction');
      for (const { key } of transaction.writes) assertKey(key);
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

/** A transaction that has been decided: what it comes to once it is durable, or the guards that failed. */
interface Decided {
  readonly waiting: Waiting;
  readonly committed: Committed | undefined;
  readonly failed: readonly Guard[];
}

const noGuards: readonly Guard[] = [];

class Batch {
  private readonly applied: Applied[] = [];
  /** The newest write of this batch to each of its keys. */
  private readonly written = new Map<string, Applied>();
  private readonly decided: Decided[] = [];
  private revision: number;
  private readonly target: CommitTarget;
  private readonly waiting: readonly Waiting[];

  constructor(target: CommitTarget, waiting: readonly Waiting[]) {
    this.target = target;
    this.waiting = waiting;
    this.revision = target.newestRevision();
  }

  async run(): Promise<void> {
    for (const waiting of this.waiting) this.decided.push(this.decide(waiting));
    try {
      if (this.applied.length > 0) await this.target.persist(this.applied);
    } catch (error) {
      for (const waiting of this.waiting) waiting.reject(error);
      return;
    }
    if (this.applied.length > 0) this.target.publish(this.applied);
    for (const decided of this.decided) this.answer(decided);
  }

  private answer({ waiting, committed, failed }: Decided): void {
    if (committed) {
      waiting.resolve(committed);
      return;
    }
    try {
      waiting.reject(new GuardFailedError(failed.map(({ key }) => ({ key, entry: this.target.entryOf(key) }))));
    } catch (error) {
      // A row that cannot be read concerns only the one who asked for its key.
      waiting.reject(error);
    }
  }

  private decide(waiting: Waiting): Decided {
    const { guards, writes } = waiting.transaction;
    const failed = guards.every((guard) => this.holds(guard)) ? noGuards : guards.filter((guard) => !this.holds(guard));
    if (failed.length > 0) return { waiting, committed: undefined, failed };
    let place = 0;
    const writeRevisions = writes.map((write) =>
      write.value === null && this.stateOf(write.key) === undefined ? 0 : this.apply(write, place++),
    );
    return { waiting, committed: { revision: this.revision, writeRevisions }, failed };
  }

  private holds({ key, revision }: Guard): boolean {
    return (this.stateOf(key)?.revision ?? 0) === revision;
  }

  /** Answers with the write's revision. */
  private apply({ key, value }: Write, place: number): number {
    const revision = ++this.revision;
    const createRevision = value === null ? 0 : (this.stateOf(key)?.createRevision ?? revision);
    const row = encodeRowKey(positionOf(revision, place), createRevision, key);
    const applied = { key, value, place, revision, createRevision, row };
    this.applied.push(applied);
    this.written.set(key, applied);
    return revision;
  }

  private stateOf(key: string): KeyState | undefined {
    const written = this.written.get(key);
    if (written === undefined) return this.target.stateOf(key);
    return written.createRevision === 0 ? undefined : written;
  }
}

function assertKey(key: string): void {
  const bytes = Buffer.byteLength(key);
  assert(bytes > 0 && bytes <= keyBytesMax, 'a key must have 1 to 1900 bytes');
  assert(isKey(key), 'a key must be text of the basic plane');
}
