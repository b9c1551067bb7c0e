const lengthDelimited = 2;
const byteMore = 0x80;

/**
 * Writes one message of protocol buffers from its last byte to its first: the length of a nested message stands before
 * it, and is known when it is there. So fields are written in the reverse of their order, and the text of a value is
 * copied once, to its place. Source: Protocol Buffers, "Encoding".
 */
export class MessageWriter {
  private buffer: Buffer;
  private start: number;

  /** @param bytes how much it will be, roughly */
  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
    this.start = bytes;
  }

  /** How much is written: what a nested message, whose last byte comes next, gives to `nested`. */
  get length(): number {
    return this.buffer.length - this.start;
  }

  number(field: number, value: number): void {
    this.varint(value);
    this.varint(field << 3);
  }

  /** The bytes of `parts` one after the other as one field. */
  bytes(field: number, ...parts: readonly Uint8Array[]): void {
    const before = this.length;
    for (let at = parts.length - 1; at >= 0; at--) this.raw(parts[at]!);
    this.nested(field, before);
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.makeRoom(length);
    this.start -= length;
    // The same for ASCII, which nearly all are, and quicker.
    this.buffer.write(text, this.start, length, length === text.length ? 'latin1' : 'utf8');
    this.varint(length);
    this.varint((field << 3) | lengthDelimited);
  }

  /** Makes a field of all that was written since `length` was `before`. */
  nested(field: number, before: number): void {
    this.varint(this.length - before);
    this.varint((field << 3) | lengthDelimited);
  }

  finish(): Buffer {
    return this.buffer.subarray(this.start);
  }

  private raw(bytes: Uint8Array): void {
    this.makeRoom(bytes.length);
    this.start -= bytes.length;
    this.buffer.set(bytes, this.start);
  }

  private varint(value: number): void {
    let size = 1;
    for (let rest = value; rest >= byteMore; rest = Math.floor(rest / byteMore)) size++;
    this.makeRoom(size);
    this.start -= size;
    let rest = value;
    for (let at = this.start; at < this.start + size - 1; at++) {
      this.buffer[at] = (rest % byteMore) | byteMore;
      rest = Math.floor(rest / byteMore);
    }
    this.buffer[this.start + size - 1] = rest;
  }

  private makeRoom(bytes: number): void {
    if (bytes <= this.start) return;
    const { length } = this;
    const larger = Buffer.allocUnsafe(2 * this.buffer.length + bytes);
    this.buffer.copy(larger, larger.length - length, this.start);
    this.buffer = larger;
    this.start = larger.length - length;
  }
}
