/** Chunks that are kept within one pass, for the watchers that still come; those who see the same come in a row. */
const chunksKeptMax = 16;

interface Chunk {
  readonly frames: readonly Uint8Array[];
  readonly framed: boolean;
  readonly bytes: Buffer;
}

/** Joins what has gathered for a watcher, once for all watchers for whom the same has gathered. */
export class WatchChunks {
  private kept: Chunk[] = [];

  /** @param framed as a chunk of HTTP/1.1 (RFC 9112, section 7.1), to be written to the socket as it is */
  of(frames: readonly Uint8Array[], framed: boolean): Buffer {
    for (let at = this.kept.length - 1; at >= 0; at--) {
      const chunk = this.kept[at]!;
      if (chunk.framed === framed && sameFrames(chunk.frames, frames)) return chunk.bytes;
    }
    const bytes = framed ? framedChunk(frames) : Buffer.concat(frames);
    if (this.kept.length >= chunksKeptMax) this.kept.shift();
    this.kept.push({ frames, framed, bytes });
    return bytes;
  }

  /** Forgets them all: the pass is over. */
  clear(): void {
    this.kept = [];
  }
}

function sameFrames(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a.length !== b.length) return false;
  // Frames come in order, so differing lists differ most likely at their ends.
  for (let at = a.length - 1; at >= 0; at--) if (a[at] !== b[at]) return false;
  return true;
}

const lineEnd = '\r\n';

function framedChunk(frames: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const frame of frames) length += frame.length;
  const head = length.toString(16) + lineEnd;
  const chunk = Buffer.allocUnsafe(head.length + length + lineEnd.length);
  let at = chunk.write(head, 'latin1');
  for (const frame of frames) {
    chunk.set(frame, at);
    at += frame.length;
  }
  chunk.write(lineEnd, at, 'latin1');
  return chunk;
}
