import type { WatchBatch } from '../store/store.ts';

type Result = IteratorResult<WatchBatch, undefined>;

/** What a watcher of a feed reads from. */
export interface FeedSource {
  /** What there is for the watcher now; undefined when it has to wait. @throws CompactedError. */
  take(): WatchBatch | undefined;
  /** Calls `wake` once, when there may be something to take or the feed was closed. */
  wait(wake: () => void): void;
  /** Forgets such a call. */
  leave(wake: () => void): void;
  isClosed(): boolean;
}

/**
 * One watcher of a feed, at its own pace. Written out rather than as a generator, so that a watcher that waits has what was
 * committed one turn of the microtasks later: before those who committed it, who then need not wait until it is seen.
 */
export class FeedWatch implements AsyncIterableIterator<WatchBatch, undefined> {
  private waiting: { resolve(result: Result): void; reject(error: unknown): void } | undefined;
  private isStarted = false;
  private isEnded = false;

  constructor(
    private readonly source: FeedSource,
    private readonly signal: AbortSignal,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Only one call may be under way. */
  next(): Promise<Result> {
    if (!this.isStarted) {
      this.isStarted = true;
      this.signal.addEventListener('abort', this.wake, { once: true });
    }
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.wake();
    });
  }

  async return(): Promise<Result> {
    this.end();
    return { value: undefined, done: true };
  }

  /** Settles the call that waits, if there is something to settle it with. */
  private readonly wake = (): void => {
    const { waiting } = this;
    if (!waiting) return;
    try {
      const result = this.result();
      if (!result) {
        this.source.wait(this.wake);
        return;
      }
      waiting.resolve(result);
    } catch (error) {
      this.end();
      waiting.reject(error);
    }
    this.waiting = undefined;
  };

  private result(): Result | undefined {
    if (this.signal.aborted || this.source.isClosed()) this.end();
    if (this.isEnded) return { value: undefined, done: true };
    const batch = this.source.take();
    return batch && { value: batch, done: false };
  }

  private end(): void {
    this.isEnded = true;
    this.signal.removeEventListener('abort', this.wake);
    this.source.leave(this.wake);
  }
}
