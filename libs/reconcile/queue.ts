import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import { type Metrics, noMetrics } from '../base/metrics.ts';
import { type QueueMetrics, type QueueState, queueMetrics } from './queue-metrics.ts';

export const retryInitialMs = 5;
export const retryMsMax = 60_000;

export interface WorkQueueOptions {
  /** The label `name` of the queue's metrics. */
  name: string;
  clock: Clock;
  metrics?: Metrics;
  /** Delay before a failed key comes back: 5 ms doubling to 60 s when absent. */
  backoff?: BackoffPolicy;
}

interface Delayed {
  dueMs: number;
  timer: Timer;
}

/**
 * Keys to work on. A key stands in the queue at most once however often it is added, and is never with two workers at
 * once: added while a worker has it, it comes back when that worker is done.
 */
export class WorkQueue implements QueueState {
  readonly name: string;
  readonly #clock: Clock;
  readonly #backoff: BackoffPolicy;
  readonly #metrics: QueueMetrics;
  /** In order of arrival, with the monotonic time of arrival. */
  readonly #ready = new Map<string, number>();
  /** With the monotonic time at which the worker took the key. */
  readonly #working = new Map<string, number>();
  /** Keys added while being worked on. */
  readonly #again = new Set<string>();
  readonly #delayed = new Map<string, Delayed>();
  readonly #failures = new Map<string, number>();
  readonly #takers: Array<(key: string | undefined) => void> = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.name = options.name;
    this.#clock = options.clock;
    this.#backoff = options.backoff ?? { initialMs: retryInitialMs, maxMs: retryMsMax };
    this.#metrics = queueMetrics(options.metrics ?? noMetrics);
    this.#metrics.register(this);
  }

  get depth(): number {
    return this.#ready.size;
  }

  add(key: string): void {
    if (this.#closed || this.#ready.has(key) || this.#again.has(key)) return;
    this.#metrics.adds.add(1, { name: this.name });
    if (this.#working.has(key)) this.#again.add(key);
    else this.#makeReady(key);
  }

  /** Adds the key once the delay is over; of several delays for one key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#closed) return;
    if (delayMs <= 0) {
      this.add(key);
      return;
    }
    const dueMs = this.#clock.monotonic() + delayMs;
    const standing = this.#delayed.get(key);
    if (standing && standing.dueMs <= dueMs) return;
    standing?.timer.cancel();
    const timer = this.#clock.setTimer(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  /** Adds the key after a delay that grows with each call until `forget`. */
  retry(key: string): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    this.#metrics.retries.add(1, { name: this.name });
    this.addAfter(key, backoffMs(this.#backoff, failures));
  }

  /** Ends the key's history of failures. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** The next key, or undefined once the queue is closed. `done` must follow. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const next = this.#ready.keys().next();
    if (next.done) return new Promise((resolve) => this.#takers.push(resolve));
    return Promise.resolve(this.#hand(next.value));
  }

  done(key: string): void {
    const since = this.#working.get(key);
    if (since === undefined) return;
    this.#working.delete(key);
    this.#metrics.workSeconds.observe((this.#clock.monotonic() - since) / 1000, { name: this.name });
    if (this.#again.delete(key) && !this.#closed) this.#makeReady(key);
  }

  /** Drops what waits and releases the workers; work in progress may still end with `done`. */
  close(): void {
    this.#closed = true;
    for (const delayed of this.#delayed.values()) delayed.timer.cancel();
    this.#delayed.clear();
    this.#ready.clear();
    this.#again.clear();
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  unfinishedSeconds(): { total: number; longest: number } {
    const now = this.#clock.monotonic();
    const ages = [...this.#working.values()].map((since) => (now - since) / 1000);
    return { total: ages.reduce((sum, age) => sum + age, 0), longest: Math.max(0, ...ages) };
  }

  #makeReady(key: string): void {
    this.#ready.set(key, this.#clock.monotonic());
    const taker = this.#takers.shift();
    if (taker) taker(this.#hand(key));
  }

  #hand(key: string): string {
    const now = this.#clock.monotonic();
    this.#metrics.queueSeconds.observe((now - (this.#ready.get(key) ?? now)) / 1000, { name: this.name });
    this.#ready.delete(key);
    this.#working.set(key, now);
    return key;
  }
}
