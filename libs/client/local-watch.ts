import type { KubeObject } from '../api/meta.ts';
import { StatusError } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import type { CacheEvent, ChangeType } from '../cache/event.ts';
import type { WatchHandle, WatchListener } from '../registry/requests.ts';
import type { WatchEvent } from './client.ts';

/** A watcher in the same process that falls this far behind has to list again. */
export const localWatchEventsMax = 100_000;

type Result<T> = IteratorResult<WatchEvent<T>, undefined>;

/**
 * Turns the calls of a watch into a sequence that its consumer takes at its own pace. It ends quietly when the signal
 * aborts. Written out rather than as a generator, because every informer takes every event through it: a generator
 * costs several promises for each.
 */
export class LocalWatch<T extends KubeObject> implements WatchListener, AsyncIterator<WatchEvent<T>, undefined> {
  private queue: Array<WatchEvent<T>> = [];
  /** What is being handed out, and how much of it has been. */
  private batch: ReadonlyArray<WatchEvent<T>> = [];
  private taken = 0;
  private waiting: ((result: Promise<Result<T>>) => void) | undefined;
  private failure: Error | undefined;
  private started: Promise<void> | undefined;
  private handle: WatchHandle | undefined;
  private ended = false;

  constructor(
    private readonly open: (listener: WatchListener) => Promise<WatchHandle>,
    private readonly signal: AbortSignal,
  ) {}

  event(type: ChangeType, event: CacheEvent): void {
    this.push({ type, object: event.document(type).object as T });
  }

  initial(document: Document): void {
    this.push({ type: 'ADDED', object: document.object as T });
  }

  bookmark(revision: number): void {
    this.push({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(revision) } } as T });
  }

  failed(error: Error): void {
    this.failure = error;
    this.wake();
  }

  /** Only one call may be under way. The first opens the watch. */
  next(): Promise<Result<T>> {
    if (this.started) return this.take();
    this.started = this.start();
    return this.started.then(() => this.take());
  }

  async return(): Promise<Result<T>> {
    this.end();
    return { value: undefined, done: true };
  }

  private async start(): Promise<void> {
    this.signal.addEventListener('abort', this.onAbort, { once: true });
    try {
      this.handle = await this.open(this);
    } catch (error) {
      this.end();
      throw error;
    }
    if (this.ended) this.handle.cancel();
    else if (this.signal.aborted) this.end();
  }

  private take(): Promise<Result<T>> {
    if (this.ended) return Promise.resolve({ value: undefined, done: true });
    if (this.taken === this.batch.length) {
      this.batch = this.queue;
      this.queue = [];
      this.taken = 0;
    }
    if (this.taken < this.batch.length) return Promise.resolve({ value: this.batch[this.taken++]!, done: false });
    if (this.failure) {
      this.end();
      return Promise.reject(this.failure);
    }
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  private push(event: WatchEvent<T>): void {
    if (this.failure || this.ended) return;
    this.queue.push(event);
    if (this.queue.length > localWatchEventsMax) {
      this.failure = new StatusError('Expired', 'the watcher fell too far behind');
    }
    this.wake();
  }

  private wake(): void {
    const { waiting } = this;
    if (!waiting) return;
    this.waiting = undefined;
    waiting(this.take());
  }

  private readonly onAbort = () => this.end();

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.queue = [];
    this.batch = [];
    this.taken = 0;
    this.signal.removeEventListener('abort', this.onAbort);
    this.handle?.cancel();
    this.wake();
  }
}
