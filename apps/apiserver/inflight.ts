import type { Clock } from '../../libs/base/clock.ts';
import { StatusError } from '../../libs/base/status.ts';

/** Requests under way at once; more are turned away. Watches and streams are not counted. */
export const readRequestsMax = 2_000;
export const writeRequestsMax = 1_000;
/** How long requests under way may take once the server stops. */
export const drainMsMax = 10_000;

/** Counts requests under way. */
export class InflightLimit {
  private reads = 0;
  private writes = 0;
  private idle: (() => void) | undefined;

  /** @throws StatusError TooManyRequests. */
  enter(mutating: boolean): void {
    if (mutating ? this.writes >= writeRequestsMax : this.reads >= readRequestsMax) {
      throw new StatusError('TooManyRequests', 'Too many requests, please try again later.', {
        details: { retryAfterSeconds: 1 },
      });
    }
    if (mutating) this.writes += 1;
    else this.reads += 1;
  }

  leave(mutating: boolean): void {
    if (mutating) this.writes -= 1;
    else this.reads -= 1;
    if (this.reads + this.writes === 0) this.idle?.();
  }

  get current(): { reads: number; writes: number } {
    return { reads: this.reads, writes: this.writes };
  }

  /** Resolves when no request is under way, or when they have taken too long. */
  drained(clock: Clock): Promise<void> {
    if (this.reads + this.writes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.setTimer(drainMsMax, resolve);
      this.idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
