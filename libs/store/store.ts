/**
 * The one interface to durable state. Two backends implement it (libs/store-embedded, libs/store-etcd) and one
 * conformance suite holds them to the same semantics.
 *
 * Every write has a revision of its own. Revisions are safe integers that grow with each write, within a transaction in
 * the order of its writes; they need not be consecutive, and one that no write has stands for the state that the last
 * write before it left. So whoever saw one of several writes of a transaction can go on behind exactly that one.
 */
export interface Entry {
  key: string;
  value: Uint8Array;
  /** That of the key's last write. */
  revision: number;
}

/**
 * Holds when the key's current revision equals `revision`; 0 says that the key must not exist. Other numbers must be
 * revisions that the key once had: backends may compare less than all of one that was made up.
 */
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

const surrogate = /[\ud800-\udfff]/;

/**
 * Whether a text can be a key: one of the basic plane. With others the order of letters would not be that of bytes in
 * UTF-8, and halves of them would all be the same bytes.
 */
export function isKey(text: string): boolean {
  return !surrogate.test(text);
}

/** At most `transactionOperationsMax` guards and as many writes. */
export interface Transaction {
  guards: readonly Guard[];
  /** At most one write to a key. */
  writes: readonly Write[];
}

/** What a transaction came to. */
export interface Committed {
  /** Whoever has seen everything up to it has seen the transaction: the newest revision when nothing was written. */
  revision: number;
  /** The revision of each write, in their order; 0 for the removal of a key that was not there. */
  writeRevisions: readonly number[];
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
  /** In key order: that of their bytes and of their letters, which is the same (see `isKey`). */
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
}

/**
 * What one or more consecutive transactions did under a prefix. Events of one transaction are never split, but for a
 * watch that begins between them.
 */
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
  /** At or after the last write and before every later one. */
  revision: number;
  /**
   * So far back, at most, that what was written since can be gone through again quickly: some thousands of writes. It
   * may be compacted already.
   */
  recentRevision: number;
}

/** Every method may throw StoreUnavailableError; others are named at the method. */
export interface Store {
  get(key: string): Promise<Entry | undefined>;
  /** @throws CompactedError when `revision` is older than what is kept. */
  list(prefix: string, options?: ListOptions): Promise<ListPage>;
  /**
   * Applies all writes or none; they are on disk when it resolves. One without writes checks its guards.
   * @throws GuardFailedError when a guard does not hold.
   */
  commit(transaction: Transaction): Promise<Committed>;
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
