import { type KubeObject, nameOf, objectKey, type Resource } from '../api/meta.ts';
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { isStatus } from '../base/status.ts';
import type { Client, WatchEvent } from './client.ts';

export const listPageItems = 500;
const reconnectBackoff: BackoffPolicy = { initialMs: 200, maxMs: 10_000 };

export interface ReflectorOptions<T extends KubeObject> {
  client: Client;
  resource: Resource<T>;
  clock: Clock;
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  metadataOnly?: boolean;
  logger?: Logger;
}

/** Is told of one resource, in order. It must not throw. */
export interface ReflectorTarget<T> {
  /** All that there is, by key; what is not among it has gone. */
  replace(objects: ReadonlyMap<string, T>): void;
  put(key: string, object: T): void;
  /** `object` is its last state. */
  remove(key: string, object: T): void;
}

/**
 * Shows a target one resource as it is: lists once, then follows the watch, resumes where it broke off, and lists again
 * when the server no longer keeps what it missed.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #target: ReflectorTarget<T>;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  #running: Promise<void> | undefined;
  /** What was listed last, and the newest object that the watch has shown since. */
  #listedVersion = '';
  #newest: T | undefined;
  readonly #waiters = new Set<(error?: Error) => void>();
  #isSynced = false;
  #isStopped = false;
  #failures = 0;

  constructor(options: ReflectorOptions<T>, target: ReflectorTarget<T>) {
    this.#options = options;
    this.#target = target;
    this.#logger = (options.logger ?? silentLogger).with({ informer: options.resource.plural });
  }

  get synced(): boolean {
    return this.#isSynced;
  }

  /** Everything up to this version has been delivered, and perhaps more; '' before the first list. */
  get resourceVersion(): string {
    // Told only when asked: an object may have to be read for it.
    return this.#newest?.metadata?.resourceVersion ?? this.#listedVersion;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#abort.abort(new Error('the informer was stopped'));
    await this.#running;
    for (const settle of this.#waiters) settle(new Error('the informer was stopped before it had synced'));
  }

  /** Resolves after the first complete list; rejects when the signal aborts or this stops before that. */
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
    while (!this.#isStopped) {
      try {
        if (this.#listedVersion === '') await this.#relist(signal);
        await this.#follow(signal);
      } catch (error) {
        if (this.#isStopped) return;
        if (isStatus(error, 'Expired', 'Gone')) this.#standAt('');
        else this.#logger.debug('lost the watch', { error });
        this.#failures += 1;
      }
      const delayMs = backoffMs(reconnectBackoff, this.#failures);
      if (delayMs > 0) await sleep(this.#options.clock, delayMs, signal).catch(() => {});
    }
  }

  async #relist(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    const where = { namespace, labelSelector, fieldSelector, metadataOnly, limit: listPageItems, signal };
    const found = new Map<string, T>();
    let page = await client.list(resource, where);
    for (;;) {
      for (const object of page.items) found.set(objectKey(nameOf(object)), object);
      if (!page.continue) break;
      page = await client.list(resource, { ...where, continue: page.continue });
    }
    this.#target.replace(found);
    this.#standAt(page.resourceVersion);
    if (this.#isSynced) return;
    this.#isSynced = true;
    for (const settle of this.#waiters) settle();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { client, resource, namespace, labelSelector, fieldSelector, metadataOnly } = this.#options;
    const { resourceVersion } = this;
    const options = { namespace, labelSelector, fieldSelector, metadataOnly, resourceVersion, signal };
    for await (const batch of client.watch(resource, options)) {
      for (const event of batch) {
        if (this.#isStopped) return;
        this.#apply(event);
      }
      this.#newest = batch.at(-1)?.object ?? this.#newest;
      this.#failures = 0;
    }
    // A server ends watches in good order from time to time; a storm of such ends is slowed down all the same.
    this.#failures += 1;
  }

  #standAt(listedVersion: string): void {
    this.#listedVersion = listedVersion;
    this.#newest = undefined;
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') return;
    const { object, key = objectKey(nameOf(object)) } = event;
    if (event.type === 'DELETED') this.#target.remove(key, object);
    else this.#target.put(key, object);
  }
}
