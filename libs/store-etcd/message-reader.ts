/** How a field's value is written. Source: Protocol Buffers, "Encoding". */
const wireTypes = { varint: 0, eightBytes: 1, lengthDelimited: 2, fourBytes: 5 } as const;
const byteMore = 0x80;
/** A number of 64 bits, of which a byte holds 7. */
const varintBytesMax = 10;

/** Reads the fields of one message of protocol buffers, as many of them as somebody wants. */
export class MessageReader {
  private at: number;
  private wireType = 0;

  constructor(
    private readonly buffer: Buffer,
    start = 0,
    private readonly end = buffer.length,
  ) {
    this.at = start;
  }

  /** The number of the next field; 0 at the end of the message. Its value must be taken or skipped. */
  field(): number {
    if (this.at >= this.end) return 0;
    const tag = this.number();
    this.wireType = tag & 7;
    return tag >>> 3;
  }

  /** The value of a whole number; what is beyond 2^53 loses its last digits. */
  number(): number {
    let value = 0;
    let factor = 1;
    for (let bytes = 1; bytes <= varintBytesMax && this.at < this.end; bytes++) {
      const byte = this.buffer[this.at++]!;
      value += (byte & (byteMore - 1)) * factor;
      if (byte < byteMore) return value;
      factor *= byteMore;
    }
    throw new Error('a number in a message of etcd does not end');
  }

  /** The value's bytes, not copied. */
  bytes(): Buffer {
    const end = this.ended(this.number());
    const value = this.buffer.subarray(this.at, end);
    this.at = end;
    return value;
  }

  nested(): MessageReader {
    const end = this.ended(this.number());
    const reader = new MessageReader(this.buffer, this.at, end);
    this.at = end;
    return reader;
  }

  skip(): void {
    if (this.wireType === wireTypes.varint) this.number();
    else if (this.wireType === wireTypes.lengthDelimited) this.at = this.ended(this.number());
    else if (this.wireType === wireTypes.eightBytes) this.at = this.ended(8);
    else if (this.wireType === wireTypes.fourBytes) this.at = this.ended(4);
    else throw new Error(`a field in a message of etcd is of type ${this.wireType}`);
  }

  private ended(length: number): number {
    const end = this.at + length;
    if (end > this.end) throw new Error('a message of etcd ends amid a field');
    return end;
  }
}
