import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';

/** Work that failed is tried again after half a second, doubling to half a minute. */
export const workRetryPolicy: BackoffPolicy = { initialMs: 500, maxMs: 30_000 };

interface Failure {
  count: number;
  untilMs: number;
}

/** Pieces of work by name, each at most once at a time and each with its own delays after failures. */
export class Workload {
  readonly #clock: Clock;
  readonly #busy = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, Failure>();
  readonly #onDone: () => void;
  readonly #onFailure: (key: string, error: unknown, delayMs: number) => void;

  /** `onDone` is called whenever a piece has ended, well or not. */
  constructor(options: {
    clock: Clock;
    onDone: () => void;
    onFailure: (key: string, error: unknown, delayMs: number) => void;
  }) {
    this.#clock = options.clock;
    this.#onDone = options.onDone;
    this.#onFailure = options.onFailure;
  }

  /** Starts a piece unless it is under way or must wait after a failure. */
  start(key: string, run: () => Promise<void>): void {
    if (this.#busy.has(key) || (this.#failures.get(key)?.untilMs ?? 0) > this.#clock.now()) return;
    this.#busy.set(key, this.#run(key, run));
  }

  /** Starts a piece that takes in the newest state: asked for while it is under way, it runs once more. */
  startNewest(key: string, run: () => Promise<void>): void {
    if (this.#busy.has(key)) this.#again.add(key);
    else this.start(key, run);
  }

  /** Lets a piece that failed be tried at once. */
  forgive(key: string): void {
    this.#failures.delete(key);
  }

  /** What is under way. */
  pending(): Array<Promise<void>> {
    return [...this.#busy.values()];
  }

  /** When the next failed piece may be tried again. */
  retryTimesMs(): number[] {
    return [...this.#failures.values()].map(({ untilMs }) => untilMs);
  }

  async #run(key: string, run: () => Promise<void>): Promise<void> {
    try {
      do {
        this.#again.delete(key);
        await run();
      } while (this.#again.has(key));
      this.#failures.delete(key);
    } catch (error) {
      this.#again.delete(key);
      const count = (this.#failures.get(key)?.count ?? 0) + 1;
      const delayMs = backoffMs(workRetryPolicy, count);
      this.#failures.set(key, { count, untilMs: this.#clock.now() + delayMs });
      this.#onFailure(key, error, delayMs);
    } finally {
      this.#busy.delete(key);
      this.#onDone();
    }
  }
}
