import type { Clock } from '../base/clock.ts';
import { tooLargeRevision } from './revisions.ts';

/** How long a request waits for a revision that has not been seen yet. */
export const revisionWaitMsMax = 3_000;

interface Waiter {
  revision: number;
  pass(): void;
}

/** Lets callers wait for a growing revision. */
export class RevisionGate {
  private reachedRevision = 0;
  private waiters: Waiter[] = [];

  constructor(private readonly clock: Clock) {}

  get revision(): number {
    return this.reachedRevision;
  }

  /** undefined when there is nothing to wait for, so that the common case costs no turn of the event loop. */
  reached(revision: number): Promise<void> | undefined {
    if (revision <= this.reachedRevision) return undefined;
    return new Promise((resolve, reject) => {
      const timer = this.clock.setTimer(revisionWaitMsMax, () => {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        reject(tooLargeRevision(revision, this.reachedRevision));
      });
      const waiter: Waiter = {
        revision,
        pass: () => {
          timer.cancel();
          resolve();
        },
      };
      this.waiters.push(waiter);
    });
  }

  advance(revision: number): void {
    if (revision <= this.reachedRevision) return;
    this.reachedRevision = revision;
    if (this.waiters.length === 0) return;
    const waiting = this.waiters;
    this.waiters = [];
    for (const waiter of waiting) {
      if (waiter.revision <= revision) waiter.pass();
      else this.waiters.push(waiter);
    }
  }

  /** Starts again at a revision that may be lower, after the store was replaced. */
  restart(revision: number): void {
    this.reachedRevision = Math.min(this.reachedRevision, revision);
  }
}
