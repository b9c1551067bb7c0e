import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { Clock, Timer } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';

/** Between attempts to apply what could not be applied. */
const retryPolicy: BackoffPolicy = { initialMs: 200, maxMs: 10_000 };

/**
 * Runs `apply` once for any number of triggers that arrive while it is running, never twice at a time, and again with
 * back-off after it fails.
 */
export class ApplyLoop {
  private running: Promise<void> | undefined;
  private wanted = false;
  private stopped = false;
  private failures = 0;
  private retry: Timer | undefined;

  constructor(
    private readonly apply: () => Promise<void>,
    private readonly context: { name: string; clock: Clock; logger: Logger },
  ) {}

  trigger(): void {
    this.wanted = true;
    if (!this.running && !this.stopped) this.running = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.retry?.cancel();
    await this.running;
  }

  private async run(): Promise<void> {
    await Promise.resolve();
    while (this.wanted && !this.stopped) {
      this.wanted = false;
      this.retry?.cancel();
      try {
        await this.apply();
        this.failures = 0;
      } catch (error) {
        this.failures++;
        const delayMs = backoffMs(retryPolicy, this.failures);
        this.context.logger.warn(`${this.context.name} could not be applied`, {
          error: String(error),
          retryInMs: delayMs,
        });
        this.retry = this.context.clock.setTimer(delayMs, () => this.trigger());
      }
    }
    this.running = undefined;
  }
}
