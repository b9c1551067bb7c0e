import type { Clock, Timer } from '../base/clock.ts';
import type { WatchBatch } from '../store/store.ts';

/** How long a watch may take to show what etcd has, before it is asked whether there is anything to show. */
const progressMsMax = 50;

/**
 * etcd's newest revision may be another cluster's, of which the watches of this one hear nothing: whoever waits for it
 * would wait until this cluster writes. So where that takes long this cluster writes something that is of no account.
 */
export class Progress {
  private watches = 0;
  private shownRevision = 0;
  private wantedRevision = 0;
  private timer: Timer | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly write: () => Promise<unknown>,
  ) {}

  /** Passes a watch on and takes note of what it shows. */
  async *of(watch: AsyncIterable<WatchBatch>): AsyncGenerator<WatchBatch> {
    this.watches++;
    this.look();
    try {
      for await (const batch of watch) {
        this.shownRevision = Math.max(this.shownRevision, batch.revision);
        yield batch;
      }
    } finally {
      this.watches--;
    }
  }

  /** Somebody was told of the revision and may wait for it. */
  wanted(revision: number): void {
    this.wantedRevision = Math.max(this.wantedRevision, revision);
    this.look();
  }

  stop(): void {
    this.timer?.cancel();
  }

  private get isBehind(): boolean {
    return this.watches > 0 && this.shownRevision < this.wantedRevision;
  }

  private look(): void {
    if (this.timer !== undefined || !this.isBehind) return;
    this.timer = this.clock.setTimer(progressMsMax, () => {
      this.timer = undefined;
      // When it fails, who waits hears of that by waiting too long.
      if (this.isBehind) this.write().catch(() => {});
    });
  }
}
