/** Where a message begins to be written when its size is not known. */
const initialBytes = 8 * 1024;

/**
 * Writes protobuf from the end to the beginning: the length of a part is known when its head is written, so nothing is
 * measured twice or copied. Source: protobuf encoding guide.
 */
export class WireWriter {
  private buffer = Buffer.allocUnsafe(initialBytes);
  private at = initialBytes;

  /** Bytes written so far; differences of it are lengths of parts. */
  get size(): number {
    return this.buffer.length - this.at;
  }

  /** A copy of what was written; the writer can be used again. */
  finish(): Buffer {
    const written = Buffer.from(this.buffer.subarray(this.at));
    this.at = this.buffer.length;
    return written;
  }

  varint(value: number): void {
    if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
      this.longVarint(BigInt.asUintN(64, BigInt(value)));
      return;
    }
    let length = 1;
    for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) length++;
    this.reserve(length);
    this.at -= length;
    let rest = value;
    for (let index = 0; index < length; index++) {
      const more = index < length - 1 ? 128 : 0;
      this.buffer[this.at + index] = (rest % 128) + more;
      rest = Math.floor(rest / 128);
    }
  }

  /** A field's number and how its value travels: 0 varint, 1 eight bytes, 2 a run of bytes. */
  tag(number: number, wireType: 0 | 1 | 2): void {
    this.varint(number * 8 + wireType);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.reserve(length);
    this.at -= length;
    this.buffer.write(value, this.at, length, 'utf8');
    this.varint(length);
  }

  run(value: Uint8Array): void {
    this.raw(value);
    this.varint(value.length);
  }

  /** Bytes without their length. */
  raw(value: Uint8Array): void {
    this.reserve(value.length);
    this.at -= value.length;
    this.buffer.set(value, this.at);
  }

  double(value: number): void {
    this.reserve(8);
    this.at -= 8;
    this.buffer.writeDoubleLE(value, this.at);
  }

  private longVarint(value: bigint): void {
    const bytes: number[] = [];
    let rest = value;
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) + 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
    this.raw(Uint8Array.from(bytes));
  }

  private reserve(length: number): void {
    if (this.at >= length) return;
    const size = this.size;
    const grown = Buffer.allocUnsafe((size + length) * 2);
    this.buffer.copy(grown, grown.length - size, this.at);
    this.at = grown.length - size;
    this.buffer = grown;
  }
}
