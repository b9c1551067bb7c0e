import type { Clock } from '../../libs/base/clock.ts';
import { WatchChunks } from './watch-chunks.ts';

/** Something that gathers bytes for a client and writes them when told. */
export interface Flushable {
  flush(): void;
}

/** After a pass the queue rests up to this many times as long as the pass took, so that events gather. */
const restFactor = 2;
/** Passes begin no further apart than this unless they take longer, so that a watcher's lag stays bounded. */
export const flushPeriodMsMax = 50;
/** Nor closer together: a write and its TLS record cost both sides more than the events of so short a time do. */
export const flushPeriodMsMin = 2;
/** A pass writes to this many streams at once, one to three milliseconds' work; then requests get their turn. */
export const streamsPerTurn = 64;

/**
 * Writes to many watchers in passes. A server that has been idle writes at once. What happens soon after a pass waits for the next one,
 * longer when passes take long, so that events gather and each connection is written to once for several of them.
 */
export class FlushQueue {
  /** What the streams of one pass write. */
  readonly chunks = new WatchChunks();
  private waiting = new Set<Flushable>();
  private streams: Iterator<Flushable> = [].values();
  private scheduled = false;
  private readyAtMs = 0;
  /** What the pass under way has taken. */
  private tookMs = 0;

  constructor(private readonly clock: Clock) {}

  add(stream: Flushable): void {
    this.waiting.add(stream);
    if (!this.scheduled) this.schedule();
  }

  private schedule(): void {
    this.scheduled = true;
    const pauseMs = this.readyAtMs - this.clock.monotonic();
    if (pauseMs > 0) this.clock.setTimer(pauseMs, this.pass);
    else setImmediate(this.pass);
  }

  private readonly pass = (): void => {
    this.streams = this.waiting.values();
    this.waiting = new Set();
    this.tookMs = 0;
    this.turn();
  };

  private readonly turn = (): void => {
    const startMs = this.clock.monotonic();
    let next = this.streams.next();
    for (let count = 1; !next.done; count++) {
      next.value.flush();
      if (count === streamsPerTurn) break;
      next = this.streams.next();
    }
    const endMs = this.clock.monotonic();
    this.tookMs += endMs - startMs;
    if (next.done) this.passed(endMs);
    else setImmediate(this.turn);
  };

  private passed(endMs: number): void {
    this.chunks.clear();
    const restMs = Math.min(restFactor * this.tookMs, Math.max(0, flushPeriodMsMax - this.tookMs));
    this.readyAtMs = endMs + Math.max(restMs, flushPeriodMsMin - this.tookMs);
    this.scheduled = false;
    if (this.waiting.size > 0) this.schedule();
  }
}
