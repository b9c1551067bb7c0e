import { watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { ByteStream, LogsRequest } from '../link.ts';
import { LineSplitter, parseLogLine, readLines, tailOffset } from './lines.ts';

/** What is collected before it is sent on. */
const sendBytesMin = 16 * 1024;
/** A change that the file system does not tell of is found after this long. */
const lookAgainMs = 1000;
const newline = Buffer.from('\n');

export interface LogSource {
  path: string;
  /** Whether more may be written. */
  live: () => boolean;
  /** Resolves at the next change, at the latest after `lookAgainMs`. */
  changed: () => Promise<void>;
}

/** Sends a log's lines as their container wrote them, by the request's limits. */
class LogSender {
  readonly #stream: ByteStream;
  readonly #request: LogsRequest;
  readonly #sinceMs: number | undefined;
  #left: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #open = false;

  constructor(stream: ByteStream, request: LogsRequest, nowMs: number) {
    this.#stream = stream;
    this.#request = request;
    this.#left = request.limitBytes ?? Number.POSITIVE_INFINITY;
    if (request.sinceTime) this.#sinceMs = Date.parse(request.sinceTime);
    else if (request.sinceSeconds !== undefined) this.#sinceMs = nowMs - request.sinceSeconds * 1000;
  }

  get full(): boolean {
    return this.#left <= 0 || this.#stream.closed.aborted;
  }

  async add(raw: Buffer): Promise<void> {
    const line = parseLogLine(raw);
    if (!line || this.full) return;
    if (this.#sinceMs !== undefined && Date.parse(line.time) < this.#sinceMs) return;
    if (this.#request.timestamps && !this.#open) this.#put(Buffer.from(`${line.time} `));
    this.#put(line.text);
    if (!line.partial) this.#put(newline);
    this.#open = line.partial;
    if (this.#pendingBytes >= sendBytesMin) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const data = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingBytes = 0;
    await this.#stream.write(0, data);
  }

  #put(bytes: Uint8Array): void {
    const part = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
    this.#left -= part.length;
    this.#pending.push(part);
    this.#pendingBytes += part.length;
  }
}

async function inodeOf(path: string): Promise<{ inode: number; size: number } | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats && { inode: stats.ino, size: stats.size };
}

/** Writes a container's log to channel 0; follows it over rotations until the container has ended and all is sent. */
export async function sendLog(
  source: LogSource,
  request: LogsRequest,
  stream: ByteStream,
  nowMs: number,
): Promise<void> {
  const sender = new LogSender(stream, request, nowMs);
  let file = await inodeOf(source.path);
  let offset = file && request.tailLines !== undefined ? await tailOffset(source.path, request.tailLines) : 0;
  let splitter = new LineSplitter();
  for (;;) {
    // Asked before reading: what is written after the container's end is read by this very pass.
    const live = source.live();
    const change = source.changed();
    if (file) {
      for await (const { line, next } of readLines(source.path, offset, splitter)) {
        offset = next;
        await sender.add(line);
        if (sender.full) break;
      }
    }
    await sender.flush();
    if (sender.full || !request.follow || !live) return;
    await change;
    const now = await inodeOf(source.path);
    if (now && now.inode !== file?.inode) {
      offset = 0;
      splitter = new LineSplitter();
    }
    file = now;
  }
}

/** Tells of changes of one file, whoever replaces it. */
export function watchFile(path: string, setTimer: (delayMs: number, run: () => void) => { cancel(): void }) {
  let wake: () => void = () => {};
  const name = basename(path);
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch(dirname(path), (_, file) => {
      if (file === null || file === name) wake();
    });
    watcher.on('error', () => {});
  } catch {
    // Without a directory yet, time alone tells.
  }
  return {
    wake: () => wake(),
    changed: () =>
      new Promise<void>((resolve) => {
        const timer = setTimer(lookAgainMs, resolve);
        wake = () => {
          timer.cancel();
          resolve();
        };
      }),
    close: () => watcher?.close(),
  };
}
