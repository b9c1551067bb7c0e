/** The latest signs of life of each node, and when they were first seen: by this process's clock, not by theirs. */
export class SignsOfLife {
  private readonly seen = new Map<string, { signs: string[]; atMs: number }>();

  get size(): number {
    return this.seen.size;
  }

  /** When the sign was first seen, which is now unless it is known. */
  seenMs(name: string, sign: string, nowMs: number): number {
    const known = this.seen.get(name);
    // The one before the latest comes again from a cache that is behind the server; that is no news.
    if (known?.signs.includes(sign)) return known.atMs;
    this.seen.set(name, { signs: [sign, ...(known?.signs.slice(0, 1) ?? [])], atMs: nowMs });
    return nowMs;
  }

  forget(name: string): void {
    this.seen.delete(name);
  }
}
