import type { Clock } from '../../libs/base/clock.ts';
import { WatchChunks } from './watch-chunks.ts';

/** Something that gathers bytes for a client and writes them when told. */
export interface Flushable {
  flush(): void;
}

/** After a pass the queue rests this many times as long as the pass took, so that requests get their turn, too. */
const restFactor = 2;
/** Passes are never further apart than this, so that a watcher's lag stays bounded under any load. */
export const flushPauseMsMax = 50;

/**
 * Writes to many watchers in passes. An idle server writes at once; when a pass takes long, the next one waits longer,
 * so that events gather and each connection is written to once for several of them.
 */
export class FlushQueue {
  /** What the streams of one pass write. */
  readonly chunks = new WatchChunks();
  private waiting = new Set<Flushable>();
  private scheduled = false;
  private readyAtMs = 0;

  constructor(private readonly clock: Clock) {}

  add(stream: Flushable): void {
    this.waiting.add(stream);
    if (this.scheduled) return;
    this.scheduled = true;
    const pauseMs = this.readyAtMs - this.clock.monotonic();
    if (pauseMs > 0) this.clock.setTimer(pauseMs, this.pass);
    else setImmediate(this.pass);
  }

  private readonly pass = (): void => {
    const startMs = this.clock.monotonic();
    const streams = this.waiting;
    this.waiting = new Set();
    this.scheduled = false;
    for (const stream of streams) stream.flush();
    this.chunks.clear();
    const endMs = this.clock.monotonic();
    this.readyAtMs = endMs + Math.min(flushPauseMsMax, restFactor * (endMs - startMs));
    if (this.waiting.size > 0 && !this.scheduled) this.add(this.waiting.values().next().value!);
  };
}
