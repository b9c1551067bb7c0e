import type { ServerResponse } from 'node:http';
import type { WatchChunks } from './watch-chunks.ts';

/** What carries a watch to its client. */
export interface WatchOutput {
  readonly closed: boolean;
  /** Tells the client that it watches; told again, nothing happens. */
  open(contentType: string): void;
  /**
   * @param chunks how the frames of many watches are joined once
   * @param taken called when the connection has taken them
   */
  write(frames: readonly Uint8Array[], chunks: WatchChunks, taken?: () => void): void;
  /** Nothing follows what has been written; `sent` is called when it is on its way, or never will be. */
  end(sent?: () => void): void;
  /** Cuts the connection. */
  destroy(): void;
  onceClosed(run: () => void): void;
}

/** An answer that goes on. */
export class HttpWatchOutput implements WatchOutput {
  constructor(private readonly response: ServerResponse) {}

  get closed(): boolean {
    return this.response.destroyed;
  }

  open(contentType: string): void {
    const { response } = this;
    if (response.headersSent) return;
    response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-cache, private' });
    response.flushHeaders();
  }

  write(frames: readonly Uint8Array[], chunks: WatchChunks, taken?: () => void): void {
    const { response } = this;
    // The head is on its way: a chunk in its framing may follow it into the socket, which is three times as quick.
    const socket = response.chunkedEncoding ? response.socket : null;
    if (socket) socket.write(chunks.of(frames, true), taken);
    else response.write(chunks.of(frames, false), taken);
  }

  end(sent?: () => void): void {
    if (sent) this.response.once('close', sent);
    this.response.end();
  }

  destroy(): void {
    this.response.destroy();
  }

  onceClosed(run: () => void): void {
    this.response.once('close', run);
  }
}
