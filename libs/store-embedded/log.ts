import { open, type RootDatabase } from 'lmdb';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import { StoreUnavailableError } from '../store/store.ts';
import { decodeRowKey, encodeRangeStart, type RowKey } from './row.ts';

/** A disk that does not finish a flush within this time counts as failed. */
const flushMsMax = 30_000;

/** How long closing waits after a write that failed. */
const failedCloseMsMax = 1_000;

/** Row of the marks; real positions start above it. */
const marksKey = encodeRangeStart(0);
const firstRow = encodeRangeStart(1);

/** How lmdb goes about writes; its types leave one of the two out. */
const pace = {
  // Batches are made here; those that lmdb makes by itself leave their rejections unhandled.
  eventTurnBatching: false,
  /** More writes than this that wait when another one comes are begun at once. */
  txnStartThreshold: 1,
};

/** What must survive the removal of rows. */
export interface Marks {
  /** The newest revision when the marks were written. */
  revision: number;
  compactedRevision: number;
}

export interface LogWrites {
  /** null stands for the removal of a key, which is a row without a value. */
  puts: ReadonlyArray<{ row: Buffer; value: Uint8Array | null }>;
  removals: readonly Buffer[];
  marks?: Marks;
}

/** The rows on disk: one LMDB environment, written in whole batches by LMDB's own thread. */
export class Log {
  private readonly database: RootDatabase<Buffer, Buffer>;
  private readonly clock: Clock;
  /** Whether the newest write failed. */
  private failing = false;

  constructor(path: string, clock: Clock = systemClock) {
    this.clock = clock;
    try {
      this.database = open<Buffer, Buffer>({
        path,
        noSubdir: false,
        maxDbs: 1,
        cache: false,
        encoding: 'binary',
        keyEncoding: 'binary',
        overlappingSync: true,
        ...pace,
      });
    } catch (cause) {
      throw new StoreUnavailableError(`the store at ${path} cannot be opened: ${text(cause)}`, { cause });
    }
  }

  marks(): Marks {
    const bytes = this.database.getBinary(marksKey);
    return bytes === undefined ? { revision: 0, compactedRevision: 0 } : (JSON.parse(bytes.toString()) as Marks);
  }

  /** The value of a row that exists. */
  value(row: Buffer): Buffer | undefined {
    return this.database.getBinary(row);
  }

  *keys(fromPosition = 1): Generator<RowKey> {
    const start = fromPosition <= 1 ? firstRow : encodeRangeStart(fromPosition);
    for (const row of this.database.getKeys({ start })) yield decodeRowKey(row);
  }

  *rows(fromPosition: number): Generator<RowKey & { value: Buffer }> {
    for (const { key, value } of this.database.getRange({ start: encodeRangeStart(fromPosition) })) {
      yield { ...decodeRowKey(key), value };
    }
  }

  /** All of it or none; on disk when it resolves. @throws StoreUnavailableError */
  async write(writes: LogWrites): Promise<void> {
    const handled = new SharedRejections();
    let flushed: Promise<void>;
    try {
      const committed = this.database.batch(() => {
        for (const { row, value } of writes.puts) handled.add(this.database.put(row, asBuffer(value ?? noBytes)));
        for (const row of writes.removals) handled.add(this.database.remove(row));
        if (writes.marks) handled.add(this.database.put(marksKey, Buffer.from(JSON.stringify(writes.marks))));
      });
      // Asked for now: behind the next batch it may be the flush of a later transaction.
      flushed = this.database.flushed.then(() => {});
      handled.add(flushed);
      // lmdb begins with a first batch in the next turn of the event loop, which on a busy thread is some milliseconds
      // away, but with one that comes behind more writes than the threshold at once.
      handled.add(this.database.batch(() => {}));
      await committed;
    } catch (error) {
      this.failing = true;
      const cause = await commitErrorOf(error);
      throw new StoreUnavailableError(`the store could not be written: ${text(cause)}`, { cause });
    }
    await this.inTime(flushed);
    this.failing = false;
    // Reads must see what has just been acknowledged.
    this.database.resetReadTxn();
  }

  /** While the disk is full lmdb waits for a commit that cannot end; nothing acknowledged hangs on it. */
  async close(): Promise<void> {
    const closed = this.database.close();
    await (this.failing ? Promise.race([closed, sleep(this.clock, failedCloseMsMax)]) : closed);
  }

  private inTime(flushed: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimer(flushMsMax, () =>
        reject(new StoreUnavailableError(`the disk did not flush within ${flushMsMax} ms`)),
      );
      flushed.then(() => resolve(), reject).finally(() => timer.cancel());
    });
  }
}

const noBytes = Buffer.alloc(0);

/** Each put hands out the promise of the whole commit, which is awaited elsewhere: its rejection is handled here, once. */
class SharedRejections {
  private latest: unknown;

  add(promise: Promise<unknown> | undefined): void {
    if (promise === this.latest) return;
    this.latest = promise;
    promise?.catch?.(() => {});
  }
}

/** lmdb rejects with a general error that promises the particular one. */
async function commitErrorOf(error: unknown): Promise<unknown> {
  const promised = (error as { commitError?: Promise<unknown> }).commitError;
  return promised === undefined ? error : promised.catch((cause: unknown) => cause);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
