import { setMaxListeners } from 'node:events';
import type { BackoffPolicy } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { isStatus } from '../base/status.ts';
import type { Client } from '../client/client.ts';
import type { InformerSet } from '../client/informer-set.ts';
import type { EventRecorder } from './events.ts';
import { WorkQueue } from './queue.ts';

export const defaultWorkers = 4;
/** Keys that one worker may take in a row without letting the rest of the process run. */
export const keysPerTurnMax = 64;

/** What every controller is given. */
export interface ControllerContext {
  client: Client;
  informers: InformerSet;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics: Metrics;
  events: EventRecorder;
}

export interface ReconcileResult {
  /** Call again after this many milliseconds even when nothing happens. */
  requeueAfterMs?: number;
}

/** Whether a cache has the state that the API server had when it was started. */
export interface Syncable {
  waitSynced(signal: AbortSignal): Promise<void>;
}

export interface ControllerSpec {
  name: string;
  /** Workers start when all of these are synced. */
  caches: readonly Syncable[];
  /** Moves the world one step towards what the object that `key` names asks for. */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
  workers?: number;
  backoff?: BackoffPolicy;
  /** Runs once the caches are synced, before the first key is worked on. */
  onSynced?(): void;
}

/** Retrying cannot help: the key rests until something about it changes. */
export class TerminalError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TerminalError';
  }
}

type Exit = 'done' | 'after' | 'retry' | 'terminal';

/** One controller: a queue and the workers that reconcile its keys. */
export class Controller {
  readonly name: string;
  readonly #spec: ControllerSpec;
  readonly #queue: WorkQueue;
  readonly #logger: Logger;
  readonly #exits: ReturnType<Metrics['counter']>;
  readonly #abort = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #synced: Promise<void> = Promise.resolve();

  constructor(context: Pick<ControllerContext, 'clock' | 'logger' | 'metrics'>, spec: ControllerSpec) {
    this.name = spec.name;
    this.#spec = spec;
    this.#logger = context.logger.with({ controller: spec.name });
    // One listener for each cache that is waited for.
    setMaxListeners(0, this.#abort.signal);
    this.#queue = new WorkQueue({
      name: spec.name,
      clock: context.clock,
      metrics: context.metrics,
      ...(spec.backoff ? { backoff: spec.backoff } : {}),
    });
    this.#exits = context.metrics.counter({
      name: 'reconcile_total',
      help: 'Reconciliations by controller and exit: done, after, retry, terminal',
      labels: ['controller', 'exit'],
    });
  }

  enqueue(key: string): void {
    this.#queue.add(key);
  }

  enqueueAfter(key: string, delayMs: number): void {
    this.#queue.addAfter(key, delayMs);
  }

  start(): void {
    this.#synced = Promise.all(this.#spec.caches.map((cache) => cache.waitSynced(this.#abort.signal))).then(() => {});
    this.#running = this.#run();
  }

  /** Settles when the caches are synced; rejects when the controller stops before that. */
  get ready(): Promise<void> {
    return this.#synced;
  }

  /** Resolves when no worker is at work any more. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#queue.close();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      await this.#synced;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.#logger.error('caches did not sync', { error });
      return;
    }
    this.#spec.onSynced?.();
    await Promise.all(Array.from({ length: this.#spec.workers ?? defaultWorkers }, () => this.#work()));
  }

  async #work(): Promise<void> {
    let turn = 0;
    for (let key = await this.#queue.take(); key !== undefined; key = await this.#queue.take()) {
      turn = (turn + 1) % keysPerTurnMax;
      if (turn === 0) await new Promise((resolve) => setImmediate(resolve));
      const exit = await this.#reconcileOnce(key);
      this.#exits.add(1, { controller: this.name, exit });
      this.#queue.done(key);
    }
  }

  async #reconcileOnce(key: string): Promise<Exit> {
    try {
      const result = await this.#spec.reconcile(key, this.#abort.signal);
      this.#queue.forget(key);
      if (result.requeueAfterMs === undefined) return 'done';
      this.#queue.addAfter(key, result.requeueAfterMs);
      return 'after';
    } catch (error) {
      if (this.#abort.signal.aborted) return 'retry';
      if (error instanceof TerminalError) {
        this.#queue.forget(key);
        this.#logger.warn('gave up until it changes', { key, error });
        return 'terminal';
      }
      // Both say only that the cache was behind; the next attempt reads a newer one.
      const say = isStatus(error, 'Conflict', 'NotFound') ? 'debug' : 'warn';
      this.#logger[say]('reconcile failed', { key, failures: this.#queue.failures(key) + 1, error });
      this.#queue.retry(key);
      return 'retry';
    }
  }
}
