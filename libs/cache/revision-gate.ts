import type { Clock, Timer } from '../base/clock.ts';
import { tooLargeRevision } from './revisions.ts';

/** How long a request waits for a revision that has not been seen yet. */
export const revisionWaitMsMax = 3_000;

interface Waiter {
  readonly revision: number;
  /** When it has waited for too long, on the monotonic clock. */
  readonly deadlineMs: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** Lets callers wait for a growing revision. All of them share one timer: over a shared store each write waits. */
export class RevisionGate {
  private reachedRevision = 0;
  /** In the order in which they came, and so in that of their deadlines. */
  private waiters: Waiter[] = [];
  private timer: Timer | undefined;

  constructor(private readonly clock: Clock) {}

  get revision(): number {
    return this.reachedRevision;
  }

  /** undefined when there is nothing to wait for, so that the common case costs no turn of the event loop. */
  reached(revision: number): Promise<void> | undefined {
    if (revision <= this.reachedRevision) return undefined;
    return new Promise((resolve, reject) => {
      const deadlineMs = this.clock.monotonic() + revisionWaitMsMax;
      this.waiters.push({ revision, deadlineMs, resolve, reject });
      this.timer ??= this.clock.setTimer(revisionWaitMsMax, () => this.expire());
    });
  }

  advance(revision: number): void {
    if (revision <= this.reachedRevision) return;
    this.reachedRevision = revision;
    if (this.waiters.length === 0) return;
    const waiting = this.waiters;
    this.waiters = [];
    for (const waiter of waiting) {
      if (waiter.revision <= revision) waiter.resolve();
      else this.waiters.push(waiter);
    }
    if (this.waiters.length > 0) return;
    this.timer?.cancel();
    this.timer = undefined;
  }

  /** Starts again at a revision that may be lower, after the store was replaced. */
  restart(revision: number): void {
    this.reachedRevision = Math.min(this.reachedRevision, revision);
  }

  /** Gives up those whose time has come. The timer may be that of one who has passed: then nobody's has. */
  private expire(): void {
    const now = this.clock.monotonic();
    const waiting = this.waiters;
    this.waiters = waiting.filter(({ deadlineMs }) => deadlineMs > now);
    const next = this.waiters[0];
    this.timer = next && this.clock.setTimer(next.deadlineMs - now, () => this.expire());
    for (const { deadlineMs, revision, reject } of waiting) {
      if (deadlineMs <= now) reject(tooLargeRevision(revision, this.reachedRevision));
    }
  }
}
