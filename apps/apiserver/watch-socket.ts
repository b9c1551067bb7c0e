import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { acceptWebSocket, offeredProtocols } from '../../libs/streaming/websocket/upgrade.ts';
import type { WatchChunks } from './watch-chunks.ts';
import type { WatchOutput } from './watch-output.ts';

const normalClosure = 1000;

/**
 * A watch over WebSocket, as clients in Java and browsers ask for it: a message for each event, text for JSON. What the
 * client sends is not read. Source: the watch handler of kube-apiserver.
 */
export class WebSocketWatchOutput implements WatchOutput {
  private accepting: Promise<WebSocket> | undefined;
  private socket: WebSocket | undefined;
  private readonly request: IncomingMessage;
  private readonly connection: { socket: Duplex; head: Buffer };
  private text = true;

  constructor(request: IncomingMessage, connection: { socket: Duplex; head: Buffer }) {
    this.request = request;
    this.connection = connection;
  }

  get closed(): boolean {
    return this.connection.socket.destroyed;
  }

  open(contentType: string): void {
    if (this.accepting) return;
    this.text = contentType === 'application/json';
    const [protocol = ''] = offeredProtocols(this.request);
    this.accepting = acceptWebSocket(this.request, this.connection, protocol);
    this.accepting.then(
      (socket) => {
        this.socket = socket;
        socket.on('error', () => socket.terminate());
      },
      () => this.connection.socket.destroy(),
    );
  }

  write(frames: readonly Uint8Array[], _chunks?: WatchChunks, taken?: () => void): void {
    this.whenOpen((socket) => {
      const last = frames.length - 1;
      frames.forEach((frame, index) => {
        socket.send(frame, { binary: !this.text }, index === last ? taken : undefined);
      });
    });
  }

  /** The client's word of farewell is not waited for: some never say it. */
  end(sent: () => void = () => {}): void {
    this.onceClosed(sent);
    this.whenOpen((socket) => {
      socket.close(normalClosure);
      this.connection.socket.end(sent);
    });
  }

  destroy(): void {
    this.connection.socket.destroy();
  }

  onceClosed(run: () => void): void {
    this.connection.socket.once('close', run);
  }

  private whenOpen(run: (socket: WebSocket) => void): void {
    if (this.socket) run(this.socket);
    else this.accepting?.then(run, () => {});
  }
}
