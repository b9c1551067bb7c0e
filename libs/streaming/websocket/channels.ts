import type { WebSocket } from 'ws';
import { AsyncQueue } from '../async-queue.ts';

export type ChannelMessage = { channel: number; data: Uint8Array } | { channel: number; end: true };

export interface ChannelSocketOptions {
  /** Channels as a digit and base64 in text messages, instead of a byte before binary data. */
  base64: boolean;
  /** Whether the client may end one channel by itself: a message on channel 255 that names it (v5). */
  halfClose: boolean;
}

const closeChannel = 255;
/** What may wait for a slow consumer before the socket is paused. */
const incomingBytesMax = 256 * 1024;
/** Clients send pings rarely; ours find a peer that has gone without a word. */
const normalClosure = 1000;
const digitZero = 48;

const sizeOf = (message: ChannelMessage) => ('data' in message ? message.data.length : 0);

/** Numbered channels in the messages of one WebSocket, as Kubernetes' channel.k8s.io protocols define them. */
export class ChannelSocket {
  /** Ends when the client closes the socket, however it does. Iterate once. */
  readonly incoming: AsyncIterable<ChannelMessage>;
  private readonly queue: AsyncQueue<ChannelMessage>;
  private readonly abort = new AbortController();

  constructor(
    private readonly socket: WebSocket,
    private readonly options: ChannelSocketOptions,
  ) {
    this.queue = new AsyncQueue<ChannelMessage>({ sizeMax: incomingBytesMax, sizeOf });
    this.incoming = this.queue;
    socket.on('message', (data) => this.receive(data as Buffer));
    socket.on('close', () => {
      this.queue.end();
      this.abort.abort();
    });
    socket.on('error', () => socket.terminate());
  }

  get closed(): AbortSignal {
    return this.abort.signal;
  }

  /** Resolves once the data has been handed to the network. */
  async send(channel: number, data: Uint8Array): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return;
    const message = this.options.base64
      ? String.fromCharCode(digitZero + channel) + Buffer.from(data).toString('base64')
      : Buffer.concat([Buffer.from([channel]), data]);
    await new Promise<void>((resolve) => this.socket.send(message, () => resolve()));
  }

  close(): void {
    this.socket.close(normalClosure);
  }

  private receive(data: Buffer): void {
    const message = this.parse(data);
    if (!message) return;
    this.queue.push(message);
    if (this.queue.full) {
      this.socket.pause();
      void this.queue.room().then(() => this.socket.resume());
    }
  }

  private parse(data: Buffer): ChannelMessage | undefined {
    if (data.length === 0) return undefined;
    if (this.options.base64) {
      return { channel: data[0]! - digitZero, data: Buffer.from(data.toString('latin1', 1), 'base64') };
    }
    if (this.options.halfClose && data[0] === closeChannel) {
      return data.length > 1 ? { channel: data[1]!, end: true } : undefined;
    }
    return { channel: data[0]!, data: data.subarray(1) };
  }
}
