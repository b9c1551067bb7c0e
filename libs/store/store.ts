/**
 * The one interface to durable state. Two backends implement it (libs/store-embedded, libs/store-etcd) and one
 * conformance suite holds them to the same semantics.
 *
 * One global revision grows by exactly one with every committed transaction that writes. A key's `revision` is that of
 * the transaction that last wrote it, its `createRevision` that of the one that created it.
 */
export interface Entry {
  key: string;
  value: Uint8Array;
  revision: number;
  createRevision: number;
}

/** Holds when the key's current revision equals `revision`; 0 says that the key must not exist. */
export interface Guard {
  key: string;
  revision: number;
}

/** Puts `value`, or removes the key when `value` is null. */
export interface Write {
  key: string;
  value: Uint8Array | null;
}

/** The most guards, and the most writes, of one transaction: etcd's own default limit is 128. */
export const transactionOperationsMax = 128;

/** At most `transactionOperationsMax` guards and as many writes; keys are ASCII. */
export interface Transaction {
  guards: readonly Guard[];
  /** At most one write to a key. */
  writes: readonly Write[];
}

export interface ListOptions {
  /** The most entries to return; all when absent. */
  limit?: number;
  /** Return only keys that sort after this one: the last key of the page before. */
  after?: string;
  /** Read as of this revision; the newest when absent. */
  revision?: number;
}

export interface ListPage {
  /** In key order (bytewise). */
  entries: Entry[];
  /** The revision that the page shows. Pass it on to read the following pages of the same state. */
  revision: number;
  more: boolean;
  /** How many entries of the prefix sort after the page. */
  remaining: number;
}

export interface WatchEvent {
  key: string;
  /** null when the key was removed. */
  value: Uint8Array | null;
  revision: number;
  /** Equal to `revision` when this event created the key; 0 when it removed it. */
  createRevision: number;
}

/** What one or more consecutive transactions did under a prefix; events of one transaction are never split. */
export interface WatchBatch {
  events: WatchEvent[];
  /** Everything up to and including this revision has been delivered. */
  revision: number;
}

export interface WatchOptions {
  /** Deliver what happened after this revision; from the newest one on when absent. */
  afterRevision?: number;
  signal: AbortSignal;
}

export interface StoreStatus {
  revision: number;
  compactedRevision: number;
  sizeBytes: number;
}

/** Every method may throw StoreUnavailableError; others are named at the method. */
export interface Store {
  get(key: string): Promise<Entry | undefined>;
  /** @throws CompactedError when `revision` is older than what is kept. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /**
   * Applies all writes or none and returns the revision; the writes are on disk when it resolves.
   * A transaction without writes checks its guards and returns the newest revision.
   * @throws GuardFailedError when a guard does not hold.
   */
  commit(transaction: Transaction): Promise<number>;
  /**
   * Every event under the prefix, in order, without gap or duplicate, until the signal aborts (then it ends quietly).
   * It may yield batches without events to report progress.
   * @throws CompactedError when what follows `afterRevision` is no longer kept.
   */
  watch(prefix: string, options: WatchOptions): AsyncIterable<WatchBatch>;
  /** Forgets all that only revisions below `revision` could show. */
  compact(revision: number): Promise<void>;
  status(): Promise<StoreStatus>;
  close(): Promise<void>;
}

/** A guard did not hold; `current` has what stands at each failed guard's key now. */
export class GuardFailedError extends Error {
  constructor(readonly current: ReadonlyArray<{ key: string; entry: Entry | undefined }>) {
    super(`guard failed for ${current.map((failed) => failed.key).join(', ')}`);
    this.name = 'GuardFailedError';
  }
}

/** The revision asked for is older than the compacted one. */
export class CompactedError extends Error {
  constructor(
    readonly requestedRevision: number,
    readonly compactedRevision: number,
  ) {
    super(`revision ${requestedRevision} has been compacted; the oldest kept is ${compactedRevision}`);
    this.name = 'CompactedError';
  }
}

/** The store cannot be reached, is full or has failed. */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}
