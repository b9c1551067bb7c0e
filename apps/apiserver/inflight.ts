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
  private endings = 0;
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
    this.tellIdle();
  }

  /** Counts an answer that the stopping server brings to its end, until the returned function is called. */
  ending(): () => void {
    this.endings += 1;
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.endings -= 1;
      this.tellIdle();
    };
  }

  get current(): { reads: number; writes: number } {
    return { reads: this.reads, writes: this.writes };
  }

  private get isIdle(): boolean {
    return this.reads + this.writes + this.endings === 0;
  }

  private tellIdle(): void {
    if (this.isIdle) this.idle?.();
  }

  /** Resolves when no request is under way, or when they have taken too long. */
  drained(clock: Clock): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = clock.setTimer(drainMsMax, resolve);
      this.idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
