import type { Document } from '../../libs/cache/document.ts';

/** What has been made of documents lately, so that those who ask for the same within a while cost the work of one. */
export class Recent<T extends object> {
  private young = new WeakMap<Document, T>();
  private old = new WeakMap<Document, T>();
  private youngBytes = 0;

  /**
   * @param keptBytesMax each is kept for as long as this much of others has not been made since, and at most for twice
   * as long
   */
  constructor(
    private readonly keptBytesMax: number,
    private readonly bytesOf: (made: T) => number,
  ) {}

  get(document: Document): T | undefined {
    const known = this.young.get(document);
    if (known) return known;
    const older = this.old.get(document);
    if (older) this.set(document, older);
    return older;
  }

  set(document: Document, made: T): void {
    const bytes = this.bytesOf(made);
    if (this.youngBytes + bytes > this.keptBytesMax) {
      this.old = this.young;
      this.young = new WeakMap();
      this.youngBytes = 0;
    }
    this.youngBytes += bytes;
    this.young.set(document, made);
  }
}
