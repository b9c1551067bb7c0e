import type { Clock, Timer } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import type { StoreMirror } from '../../libs/cache/mirror.ts';
import type { Store } from '../../libs/store/store.ts';

/** The store's history is kept at least this long, for lists that are read in pages and watches that come back. */
export const historyKeptMs = 5 * 60_000;

/** How often the age of the history is looked at, within that time: the finer, the sooner what is too old goes. */
const looksMax = 2;

/** Drops the store's history as it grows old. A cluster at rest causes no compaction. */
export class Compactor {
  private timer: Timer | undefined;
  /** The newest revision at each of the last looks. */
  private marks: number[] = [];
  private done = 0;

  constructor(private readonly parts: { store: Store; mirror: StoreMirror; clock: Clock; logger: Logger }) {}

  start(): void {
    const { mirror, clock } = this.parts;
    this.timer = clock.setTimer(historyKeptMs / looksMax, () => {
      this.marks.push(mirror.revision);
      const upTo = this.marks.length > looksMax ? this.marks.shift()! : 0;
      if (upTo > this.done) void this.compact(upTo);
      this.start();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }

  private async compact(revision: number): Promise<void> {
    try {
      await this.parts.store.compact(revision);
      this.done = revision;
    } catch (error) {
      this.parts.logger.warn('compaction failed', { revision, error: String(error) });
    }
  }
}
