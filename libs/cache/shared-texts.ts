/**
 * One copy each of texts that many objects have and that come in runs. The newest are known; a text that went out of
 * use lives on where it is kept.
 */
export class SharedTexts {
  private recent = new Map<string, string>();
  private older = new Map<string, string>();
  private latest: { readonly bytes: Buffer; readonly text: string } | undefined;

  constructor(
    /** Between this many and twice as many are known. */
    private readonly recentMax: number,
  ) {}

  /** An equal text: the one that was given first. */
  of(text: string): string {
    const known = this.recent.get(text);
    if (known !== undefined) return known;
    const shared = this.older.get(text) ?? text;
    if (this.recent.size >= this.recentMax) {
      this.older = this.recent;
      this.recent = new Map();
    }
    this.recent.set(shared, shared);
    return shared;
  }

  /** The same for a part of some bytes, one letter each. Nothing is made where the last part asked for was the same. */
  ofBytes(bytes: Buffer, from: number, to: number): string {
    const { latest } = this;
    if (latest?.bytes.length === to - from && latest.bytes.compare(bytes, from, to) === 0) return latest.text;
    const text = this.of(bytes.toString('latin1', from, to));
    this.latest = { bytes: bytes.subarray(from, to), text };
    return text;
  }
}
