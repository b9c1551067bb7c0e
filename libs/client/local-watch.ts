import type { KubeObject } from '../api/meta.ts';
import { StatusError } from '../base/status.ts';
import type { Document } from '../cache/document.ts';
import type { CacheEvent, ChangeType } from '../cache/event.ts';
import type { WatchListener } from '../registry/requests.ts';
import type { WatchEvent } from './client.ts';

/** A watcher in the same process that falls this far behind has to list again. */
export const localWatchEventsMax = 100_000;

/** Turns the calls of a watch into a sequence that its consumer takes at its own pace. */
export class LocalWatch<T extends KubeObject> implements WatchListener {
  private queue: Array<WatchEvent<T>> = [];
  private failure: Error | undefined;
  private wake: (() => void) | undefined;

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
    this.wake?.();
  }

  /** Ends quietly when the signal aborts. */
  async *events(signal: AbortSignal): AsyncIterable<WatchEvent<T>> {
    const onAbort = () => this.wake?.();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const batch = this.queue;
        this.queue = [];
        for (const event of batch) {
          if (signal.aborted) return;
          yield event;
        }
        if (this.queue.length > 0 || signal.aborted) continue;
        if (this.failure) throw this.failure;
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  private push(event: WatchEvent<T>): void {
    if (this.failure) return;
    this.queue.push(event);
    if (this.queue.length > localWatchEventsMax) {
      this.failure = new StatusError('Expired', 'the watcher fell too far behind');
    }
    this.wake?.();
  }
}
