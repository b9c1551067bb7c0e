import { constants, createInflate, type Inflate } from 'node:zlib';
import { headerDictionary } from './dictionary.ts';

/** Names in lower case. */
export type Headers = Record<string, string>;

const storedBlockBytesMax = 0xffff;
/** The first two bytes of a zlib stream: deflate with a 32 KiB window, no preset dictionary. */
const zlibStart = Buffer.from([0x78, 0x01]);
/** An empty stored block, on which readers hand out what they have so far (a sync flush). */
const flushBlock = Buffer.from([0, 0, 0, 0xff, 0xff]);

/**
 * Writes header blocks as one zlib stream over the life of a connection. It stores the bytes as they are: our headers
 * are short, and a stored block needs no state and no waiting.
 */
export class HeaderEncoder {
  private started = false;

  encode(headers: Headers): Buffer {
    const plain = plainBlock(headers);
    const parts: Buffer[] = this.started ? [] : [zlibStart];
    this.started = true;
    for (let at = 0; at < plain.length; at += storedBlockBytesMax) {
      const part = plain.subarray(at, at + storedBlockBytesMax);
      const start = Buffer.alloc(5);
      start.writeUInt16LE(part.length, 1);
      start.writeUInt16LE(~part.length & 0xffff, 3);
      parts.push(start, part);
    }
    parts.push(flushBlock);
    return Buffer.concat(parts);
  }
}

/** Reads the header blocks of a connection, which share one compression state: call it for one block after another. */
export class HeaderDecoder {
  private readonly inflate: Inflate = createInflate({ dictionary: headerDictionary, flush: constants.Z_SYNC_FLUSH });
  private failure: Error | undefined;
  private wake: () => void = () => {};

  constructor() {
    this.inflate.on('error', (error) => {
      this.failure = error;
      this.wake();
    });
  }

  async decode(block: Buffer): Promise<Headers> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.inflate.write(block, () => resolve());
    });
    if (this.failure) throw new Error('damaged SPDY header block', { cause: this.failure });
    const parts: Buffer[] = [];
    for (let part = this.inflate.read(); part !== null; part = this.inflate.read()) parts.push(part as Buffer);
    return parsePlainBlock(Buffer.concat(parts));
  }

  close(): void {
    this.inflate.destroy();
  }
}

function plainBlock(headers: Headers): Buffer {
  const entries = Object.entries(headers);
  const parts = [uint32(entries.length)];
  for (const [name, value] of entries) {
    for (const text of [name.toLowerCase(), value]) {
      const bytes = Buffer.from(text);
      parts.push(uint32(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

function parsePlainBlock(bytes: Buffer): Headers {
  const headers: Headers = {};
  let at = 0;
  const next = () => {
    if (at + 4 > bytes.length) throw new Error('damaged SPDY header block: it ends early');
    const value = bytes.readUInt32BE(at);
    at += 4;
    return value;
  };
  const text = () => {
    const length = next();
    if (at + length > bytes.length) throw new Error('damaged SPDY header block: it ends early');
    at += length;
    return bytes.toString('utf8', at - length, at);
  };
  for (let left = next(); left > 0; left--) {
    const name = text();
    headers[name] = text();
  }
  return headers;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
