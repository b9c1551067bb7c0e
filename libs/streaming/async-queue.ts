export interface AsyncQueueOptions<T> {
  /** What an item weighs against `sizeMax`; 1 when absent. */
  sizeOf?: (item: T) => number;
  /** `room` waits while more than this is queued. */
  sizeMax: number;
  /** Called after an item has been taken, with its size. */
  onTaken?: (size: number) => void;
}

/** A queue between one producer that is told when to pause and one consumer that iterates. */
export class AsyncQueue<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private size = 0;
  private done = false;
  private failure: Error | undefined;
  private wakeConsumer: (() => void) | undefined;
  private wakeProducers: Array<() => void> = [];

  constructor(private readonly options: AsyncQueueOptions<T>) {}

  /** Whether `end` or `fail` has been called. */
  get ended(): boolean {
    return this.done;
  }

  /** Whether `room` would wait. */
  get full(): boolean {
    return this.size > this.options.sizeMax && !this.done;
  }

  /** Adds an item, room or no room; nothing once ended. */
  push(item: T): void {
    if (this.done) return;
    this.items.push(item);
    this.size += this.sizeOf(item);
    this.wakeConsumer?.();
  }

  /** Resolves when what is queued is at or below the limit, or nothing more is wanted. */
  async room(): Promise<void> {
    while (this.full) {
      await new Promise<void>((resolve) => this.wakeProducers.push(resolve));
    }
  }

  /** The consumer gets what is queued, then the end. */
  end(): void {
    this.finish();
  }

  /** The consumer gets what is queued, then the error. */
  fail(error: Error): void {
    if (!this.done) this.failure = error;
    this.finish();
  }

  /** Forgets what is queued and ends. */
  discard(): void {
    this.items.length = 0;
    this.size = 0;
    this.finish();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = this.items.shift();
        if (item !== undefined) {
          yield this.taken(item);
        } else if (this.done) {
          if (this.failure) throw this.failure;
          return;
        } else {
          await new Promise<void>((resolve) => {
            this.wakeConsumer = resolve;
          });
          this.wakeConsumer = undefined;
        }
      }
    } finally {
      // A consumer that stops early wants nothing more.
      this.discard();
    }
  }

  private taken(item: T): T {
    const size = this.sizeOf(item);
    this.size -= size;
    if (this.size <= this.options.sizeMax) this.releaseProducers();
    this.options.onTaken?.(size);
    return item;
  }

  private finish(): void {
    this.done = true;
    this.wakeConsumer?.();
    this.releaseProducers();
  }

  private releaseProducers(): void {
    const waiting = this.wakeProducers;
    this.wakeProducers = [];
    for (const wake of waiting) wake();
  }

  private sizeOf(item: T): number {
    return this.options.sizeOf?.(item) ?? 1;
  }
}
