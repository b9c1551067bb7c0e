/** How often the controller looks whether it can read, while nodes give it signs of life. */
export const lookEveryMs = 5_000;
/** Whoever has neither read nor seen a server write for this long could not have seen a sign of life either. */
export const sightGapMsMax = 15_000;

/** Since when something that should come again and again has come without a gap, by a monotonic clock. */
class Pulse {
  #sinceMs: number;
  #lastMs: number;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
    this.#lastMs = nowMs;
  }

  beat(nowMs: number): void {
    this.#sinceMs = this.sinceMs(nowMs);
    this.#lastMs = nowMs;
  }

  /** Now, as long as it is overdue. */
  sinceMs(nowMs: number): number {
    return nowMs - this.#lastMs > sightGapMsMax ? nowMs : this.#sinceMs;
  }
}

/**
 * Since when the controller has been able to see signs of life. It is blind while it cannot read, while it does not run,
 * and while nobody can write: servers renew Leases of their own, which come the same way as those of nodes.
 */
export class Sight {
  readonly #reads: Pulse;
  #writes: Pulse | undefined;

  constructor(nowMs: number) {
    this.#reads = new Pulse(nowMs);
  }

  /** A read has succeeded. */
  read(nowMs: number): void {
    this.#reads.beat(nowMs);
  }

  /** A server has renewed its Lease. */
  written(nowMs: number): void {
    this.#writes ??= new Pulse(nowMs);
    this.#writes.beat(nowMs);
  }

  /** No server has a Lease any more, so that none is missed. */
  expectNoWrites(): void {
    this.#writes = undefined;
  }

  sinceMs(nowMs: number): number {
    return Math.max(this.#reads.sinceMs(nowMs), this.#writes?.sinceMs(nowMs) ?? 0);
  }
}
