import type { KubeObject } from '../api/meta.ts';
import { StatusError } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import type { CacheEvent, ChangeType } from '../cache/event.ts';
import type { WatchHandle, WatchListener } from '../registry/requests.ts';
import type { WatchBatch, WatchEvent } from './client.ts';

/** A watcher in the same process that falls this far behind has to list again. */
export const localWatchEventsMax = 100_000;

/** What of a document a client is handed. */
export type Reader = (document: Document) => KubeObject;

type Result<T> = IteratorResult<WatchBatch<T>, undefined>;

/**
 * Turns the calls of a watch into a sequence of batches that its consumer takes at its own pace. It ends quietly when the
 * signal aborts. Written out rather than as a generator, because every informer takes every event through it.
 */
export class LocalWatch<T extends KubeObject> implements WatchListener, AsyncIterator<WatchBatch<T>, undefined> {
  private queue: Array<WatchEvent<T>> = [];
  private waiting: ((result: Promise<Result<T>>) => void) | undefined;
  private failure: Error | undefined;
  private started: Promise<void> | undefined;
  private handle: WatchHandle | undefined;
  private ended = false;

  constructor(
    private readonly open: (listener: WatchListener) => Promise<WatchHandle>,
    private readonly signal: AbortSignal,
    private readonly read: Reader,
  ) {}

  event(type: ChangeType, event: CacheEvent): void {
    this.push({ type, key: event.key, object: this.read(event.document(type)) as T });
  }

  initial(document: Document): void {
    this.push({ type: 'ADDED', object: this.read(document) as T });
  }

  bookmark(revision: number): void {
    this.push({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(revision) } } as T });
    this.settled();
  }

  /** The consumer comes by only now that the batch is complete, and not for each of its events. */
  settled(): void {
    if (this.queue.length > 0) this.wake();
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
    if (this.queue.length > 0) {
      const value = this.queue;
      this.queue = [];
      return Promise.resolve({ value, done: false });
    }
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
      this.failed(new StatusError('Expired', 'the watcher fell too far behind'));
    }
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
    this.signal.removeEventListener('abort', this.onAbort);
    this.handle?.cancel();
    this.wake();
  }
}
