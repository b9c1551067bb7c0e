import { type KubeObject, nameOf, objectKey, type Resource } from '../api/meta.ts';
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { isStatus } from '../base/status.ts';
import type { Client, WatchEvent } from './client.ts';
import { IndexedCache, type IndexFunction } from './informer-cache.ts';

export const listPageItems = 500;
const reconnectBackoff: BackoffPolicy = { initialMs: 200, maxMs: 10_000 };

export interface InformerOptions<T extends KubeObject> {
  client: Client;
  resource: Resource<T>;
  clock: Clock;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  logger?: Logger;
}

/** Called in the order of the events. An exception in one handler is logged and does not disturb the others. */
export interface InformerHandler<T> {
  added?(object: T): void;
  updated?(object: T, previous: T): void;
  deleted?(object: T): void;
}

/**
 * A live copy of one resource: lists once, then follows the watch, resumes where it broke off, and lists again when the
 * server no longer keeps what it missed. Handlers see a list as the differences that it makes.
 */
export class Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly #options: InformerOptions<T>;
  readonly #logger: Logger;
  readonly #cache = new IndexedCache<T>();
  readonly #handlers = new Set<InformerHandler<T>>();
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  #resourceVersion = '';
  readonly #waiters = new Set<(error?: Error) => void>();
  #isSynced = false;
  #failures = 0;

  constructor(options: InformerOptions<T>) {
    this.resource = options.resource;
    this.#options = options;
    this.#logger = (options.logger ?? silentLogger).with({ informer: options.resource.plural });
  }

  get synced(): boolean {
    return this.#isSynced;
  }

  /** Everything up to this version has been delivered; '' before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): T[] {
    return namespace === undefined ? this.#cache.list() : this.#cache.byIndex('namespace', namespace);
  }

  /** How many objects `list` would answer with. */
  count(namespace?: string): number {
    return namespace === undefined ? this.#cache.size : this.#cache.countByIndex('namespace', namespace);
  }

  byIndex(index: string, value: string): T[] {
    return this.#cache.byIndex(index, value);
  }

  /** Asking twice for the same name keeps the first. */
  addIndex(name: string, valuesOf: IndexFunction<T>): this {
    this.#cache.addIndex(name, valuesOf);
    return this;
  }

  /** The handler sees what is there already as added. Returns the way to remove it. */
  addHandler(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler);
    for (const object of this.#cache.list()) this.#call(() => handler.added?.(object));
    return () => this.#handlers.delete(handler);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the informer was stopped'));
    await this.#running;
    for (const settle of this.#waiters) settle(new Error('the informer was stopped before it had synced'));
  }

  /** Resolves after the first complete list; rejects when the signal aborts or the informer stops before that. */
  waitSynced(signal: AbortSignal): Promise<void> {
    if (this.#isSynced) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        this.#waiters.delete(settle);
        signal.removeEventListener('abort', onAbort);
        if (error) reject(error);
        else resolve();
      };
      const onAbort = () => settle(new Error('waiting for the informer was aborted', { cause: signal.reason }));
      this.#waiters.add(settle);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      try {
        if (this.#resourceVersion === '') await this.#relist(signal);
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isStatus(error, 'Expired', 'Gone')) this.#resourceVersion = '';
        else this.#logger.debug('lost the watch', { error });
        this.#failures += 1;
      }
      const delayMs = backoffMs(reconnectBackoff, this.#failures);
      if (delayMs > 0) await sleep(this.#options.clock, delayMs, signal).catch(() => {});
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const where = { namespace, labelSelector, fieldSelector, limit: listPageItems, signal };
    const found = new Map<string, T>();
    let page = await client.list(resource, where);
    for (;;) {
      for (const object of page.items) found.set(objectKey(nameOf(object)), object);
      if (!page.continue) break;
      page = await client.list(resource, { ...where, continue: page.continue });
    }
    for (const object of this.#cache.list()) {
      if (!found.has(objectKey(nameOf(object)))) this.#remove(object);
    }
    for (const object of found.values()) this.#put(object);
    this.#resourceVersion = page.resourceVersion;
    if (this.#isSynced) return;
    this.#isSynced = true;
    for (const settle of this.#waiters) settle();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector } = this.#options;
    const resourceVersion = this.#resourceVersion;
    const options = { namespace, labelSelector, fieldSelector, resourceVersion, signal };
    for await (const event of client.watch(resource, options)) {
      if (signal.aborted) return;
      this.#failures = 0;
      this.#apply(event);
    }
    // A server ends watches in good order from time to time; a storm of such ends is slowed down all the same.
    this.#failures += 1;
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'DELETED') this.#remove(event.object);
    else if (event.type !== 'BOOKMARK') this.#put(event.object);
    this.#resourceVersion = event.object.metadata?.resourceVersion ?? this.#resourceVersion;
  }

  #put(object: T): void {
    const previous = this.#cache.put(objectKey(nameOf(object)), object);
    if (previous === undefined) this.#tell((handler) => handler.added?.(object));
    else if (previous.metadata?.resourceVersion === object.metadata?.resourceVersion) return;
    else if (previous.metadata?.uid === object.metadata?.uid)
      this.#tell((handler) => handler.updated?.(object, previous));
    else {
      // Deleted and made again under the same name while the watch was down.
      this.#tell((handler) => handler.deleted?.(previous));
      this.#tell((handler) => handler.added?.(object));
    }
  }

  #remove(object: T): void {
    if (this.#cache.remove(objectKey(nameOf(object)))) this.#tell((handler) => handler.deleted?.(object));
  }

  #tell(call: (handler: InformerHandler<T>) => void): void {
    for (const handler of this.#handlers) this.#call(() => call(handler));
  }

  #call(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#logger.error('a handler failed', { error });
    }
  }
}
