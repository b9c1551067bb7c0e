import type { Document } from '../../libs/cache/document.ts';

/** Parts of about this size are sent of the state that a watch begins with. */
export const initialPartBytes = 256 * 1024;

/** The objects that a watch begins with: many, as a rule, so they are written down only as they are sent. */
export class WatchInitials {
  private documents: Document[] = [];
  private sent = 0;
  private onTheWay = false;

  /** Whether the client has not been sent all of them. */
  get pending(): boolean {
    return this.onTheWay || this.sent < this.documents.length;
  }

  add(document: Document): void {
    this.documents.push(document);
  }

  /**
   * Sends the next part, unless one is on its way. `send` is given a function to call once the part is taken, and
   * `next` is called after it.
   */
  advance(
    frameOf: (document: Document) => Uint8Array,
    send: (frames: readonly Uint8Array[], taken: () => void) => void,
    next: () => void,
  ): void {
    if (this.onTheWay) return;
    const frames: Uint8Array[] = [];
    for (let bytes = 0; this.sent < this.documents.length && bytes < initialPartBytes; this.sent++) {
      const frame = frameOf(this.documents[this.sent]!);
      frames.push(frame);
      bytes += frame.length;
    }
    if (this.sent === this.documents.length) {
      this.documents = [];
      this.sent = 0;
    }
    this.onTheWay = true;
    send(frames, () => {
      this.onTheWay = false;
      next();
    });
  }
}
