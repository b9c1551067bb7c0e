/** Frames of SPDY/3.1 as bytes. Source: SPDY protocol draft 3.1, section 2.2. */
export type Frame =
  | { kind: 'data'; streamId: number; fin: boolean; payload: Buffer }
  | { kind: 'control'; type: number; flags: number; payload: Buffer };

export const controlTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const finFlag = 0x01;
const version = 3;
const headBytes = 8;
/** No peer of ours sends frames near this; the format allows 16 MiB. */
const frameBytesMax = 4 * 1024 * 1024;

/** Cuts a stream of bytes into frames. */
export class FrameParser {
  private buffered: Buffer = Buffer.alloc(0);

  /** The frames that are complete with `chunk`. @throws Error when it is not SPDY/3. */
  push(chunk: Buffer): Frame[] {
    this.buffered = this.buffered.length === 0 ? chunk : Buffer.concat([this.buffered, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.buffered.length - at >= headBytes) {
      const length = this.buffered.readUIntBE(at + 5, 3);
      if (length > frameBytesMax) throw new Error(`SPDY frame of ${length} bytes; at most ${frameBytesMax} are taken`);
      if (this.buffered.length - at < headBytes + length) break;
      frames.push(parseFrame(this.buffered.subarray(at, at + headBytes + length)));
      at += headBytes + length;
    }
    this.buffered = this.buffered.subarray(at);
    return frames;
  }
}

function parseFrame(bytes: Buffer): Frame {
  const first = bytes.readUInt32BE(0);
  const flags = bytes[4]!;
  const payload = bytes.subarray(headBytes);
  if (first < 0x80000000) return { kind: 'data', streamId: first, fin: (flags & finFlag) !== 0, payload };
  const theirs = (first >>> 16) & 0x7fff;
  if (theirs !== version) throw new Error(`SPDY version ${theirs}; only ${version} is spoken`);
  return { kind: 'control', type: first & 0xffff, flags, payload };
}

export function dataFrame(streamId: number, data: Uint8Array, fin = false): Buffer {
  return withHead(streamId, fin ? finFlag : 0, data);
}

export function synStreamFrame(streamId: number, headerBlock: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt32BE(streamId, 0);
  return controlFrame(controlTypes.synStream, Buffer.concat([head, headerBlock]));
}

export function synReplyFrame(streamId: number, headerBlock: Buffer): Buffer {
  return controlFrame(controlTypes.synReply, Buffer.concat([numbers(streamId), headerBlock]));
}

export function rstStreamFrame(streamId: number, status: number): Buffer {
  return controlFrame(controlTypes.rstStream, numbers(streamId, status));
}

export function pingFrame(payload: Buffer): Buffer {
  return controlFrame(controlTypes.ping, payload);
}

export function goAwayFrame(lastStreamId: number): Buffer {
  return controlFrame(controlTypes.goAway, numbers(lastStreamId, 0));
}

function controlFrame(type: number, payload: Uint8Array): Buffer {
  return withHead(((0x8000 | version) * 0x10000 + type) >>> 0, 0, payload);
}

function withHead(first: number, flags: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headBytes + payload.length);
  frame.writeUInt32BE(first, 0);
  frame[4] = flags;
  frame.writeUIntBE(payload.length, 5, 3);
  frame.set(payload, headBytes);
  return frame;
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(value, 4 * index);
  });
  return bytes;
}
