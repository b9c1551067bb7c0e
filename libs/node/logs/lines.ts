import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';

const newline = 0x0a;
/** What is read of a log at a time. */
const blockBytes = 64 * 1024;

/** One line of a log in the CRI's form. `partial`: the container's line goes on in the next one. */
export interface LogLine {
  time: string;
  stream: 'stdout' | 'stderr';
  partial: boolean;
  text: Uint8Array;
}

const space = 0x20;

/** Reads `TIME STREAM TAG TEXT`; undefined for what is no log line. Source: CRI log format. */
export function parseLogLine(line: Buffer): LogLine | undefined {
  const first = line.indexOf(space);
  const second = line.indexOf(space, first + 1);
  const third = line.indexOf(space, second + 1);
  if (first < 0 || second < 0) return undefined;
  const tagEnd = third < 0 ? line.length : third;
  const stream = line.toString('latin1', first + 1, second);
  return {
    time: line.toString('latin1', 0, first),
    stream: stream === 'stderr' ? 'stderr' : 'stdout',
    partial: line.toString('latin1', second + 1, tagEnd).split(':')[0] === 'P',
    text: third < 0 ? Buffer.alloc(0) : line.subarray(third + 1),
  };
}

/** Splits bytes into lines; keeps what has no end yet. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);

  *push(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(newline, from);
      if (end < 0) break;
      const piece = chunk.subarray(from, end);
      yield this.#rest.length > 0 ? Buffer.concat([this.#rest, piece]) : piece;
      this.#rest = Buffer.alloc(0);
      from = end + 1;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
  }
}

/** Where the last `count` lines of a file begin. */
export async function tailOffset(path: string, count: number): Promise<number> {
  const file = await open(path);
  try {
    let { size: position } = await file.stat();
    if (count === 0) return position;
    let found = -1;
    const buffer = Buffer.alloc(blockBytes);
    while (position > 0) {
      const length = Math.min(blockBytes, position);
      position -= length;
      await file.read(buffer, 0, length, position);
      for (let i = length - 1; i >= 0; i--) if (buffer[i] === newline && ++found === count) return position + i + 1;
    }
    return 0;
  } finally {
    await file.close();
  }
}

/** The lines of a file from an offset to its present end. */
export async function* readLines(
  path: string,
  from: number,
  splitter: LineSplitter,
): AsyncGenerator<{ line: Buffer; next: number }> {
  let next = from;
  for await (const chunk of createReadStream(path, { start: from, highWaterMark: blockBytes })) {
    next += chunk.length;
    for (const line of splitter.push(chunk)) yield { line, next };
  }
}
