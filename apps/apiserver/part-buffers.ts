/** Long answers are written in parts of this size. */
export const partBytes = 256 * 1024;
/** Parts that wait for their next use; more of them are left to the garbage collector. */
const partsKeptMax = 16;

/** A part's length stands before it and a line's end behind it when it is a chunk of HTTP/1.1 (RFC 9112, 7.1). */
const headBytes = `${partBytes.toString(16)}\r\n`.length;
const tail = '\r\n';

/** Texts with one letter for each byte, as they come, cut wherever a part ends. */
export class Texts {
  private rest = '';
  private readonly source: Iterator<string>;

  constructor(texts: Iterable<string>) {
    this.source = texts[Symbol.iterator]();
  }

  /** Writes what fits between `from` and `to`; answers with the end of what was written: `to` unless all is written. */
  fill(bytes: Buffer, from: number, to: number): number {
    let at = from;
    while (at < to) {
      if (this.rest === '') {
        const next = this.source.next();
        if (next.done) break;
        this.rest = next.value;
      }
      const written = bytes.write(this.rest, at, to - at, 'latin1');
      at += written;
      this.rest = written < this.rest.length ? this.rest.slice(written) : '';
    }
    return at;
  }
}

/**
 * Memory for one part of a long answer. It is used again once it has been written: memory outside the heap that is
 * allocated for each part would start a collection of the whole heap with every long list.
 */
export class Part {
  private static readonly free: Part[] = [];
  private readonly memory = Buffer.allocUnsafeSlow(headBytes + partBytes + tail.length);
  private end = headBytes;

  private static take(): Part {
    return Part.free.pop() ?? new Part();
  }

  /** One with as much of the texts as it holds, and whether it is full, so that more may follow. */
  static filled(texts: Texts): { part: Part; full: boolean } {
    const part = Part.take();
    try {
      return { part, full: part.fill(texts) };
    } catch (error) {
      part.release();
      throw error;
    }
  }

  /** To be called when nobody reads its bytes any more. */
  release(): void {
    if (Part.free.length < partsKeptMax) Part.free.push(this);
  }

  private fill(texts: Texts): boolean {
    this.end = texts.fill(this.memory, headBytes, headBytes + partBytes);
    return this.end === headBytes + partBytes;
  }

  get bytes(): Buffer {
    return this.memory.subarray(headBytes, this.end);
  }

  /** The same in the framing of HTTP/1.1. */
  get chunk(): Buffer {
    const length = (this.end - headBytes).toString(16).padStart(headBytes - 2, '0');
    this.memory.write(`${length}\r\n`, 0, 'latin1');
    this.memory.write(tail, this.end, 'latin1');
    return this.memory.subarray(0, this.end + tail.length);
  }
}
