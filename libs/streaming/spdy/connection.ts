import type { Duplex } from 'node:stream';
import { AsyncQueue } from '../async-queue.ts';
import {
  controlTypes,
  dataFrame,
  type Frame,
  FrameParser,
  finFlag,
  goAwayFrame,
  pingFrame,
  rstStreamFrame,
  synReplyFrame,
  synStreamFrame,
} from './frames.ts';
import { HeaderDecoder, HeaderEncoder, type Headers } from './headers.ts';

/** One stream of a connection. Each side may end its half by itself. */
export interface SpdyStream {
  readonly id: number;
  /** What the opener sent, names in lower case. */
  readonly headers: Headers;
  /** Ends when the peer has ended its half; fails when the stream is reset or the connection breaks. Iterate once. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Resolves when there is room for more. Does nothing once this half has ended. */
  write(data: Uint8Array): Promise<void>;
  /** Ends our half. */
  end(): void;
  /** Ends both halves at once. */
  reset(): void;
}

export interface SpdyConnectionOptions {
  role: 'client' | 'server';
  /** Bytes that arrived with the upgrade's head. */
  head?: Uint8Array;
  /** Takes a stream that the peer has opened. */
  onStream?: (stream: SpdyStream) => void;
}

/** What a stream may have buffered before the whole connection pauses. */
const incomingBytesMax = 256 * 1024;
const dataBytesMax = 32 * 1024;
const resetStatus = { invalidStream: 2, cancel: 5 } as const;

/**
 * SPDY/3.1 over an upgraded connection, as Kubernetes' remote command and port-forward protocols use it. Its
 * implementations know no flow-control windows, so pausing is left to TCP.
 */
export class SpdyConnection {
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  private readonly streams = new Map<number, StreamState>();
  private readonly encoder = new HeaderEncoder();
  private readonly decoder = new HeaderDecoder();
  private readonly parser = new FrameParser();
  private nextId: number;
  private lastTheirs = 0;
  private closing = false;

  constructor(
    private readonly socket: Duplex,
    private readonly options: SpdyConnectionOptions,
  ) {
    this.nextId = options.role === 'client' ? 1 : 2;
    this.closed = this.run();
  }

  openStream(headers: Headers): SpdyStream {
    const id = this.nextId;
    this.nextId += 2;
    this.socket.write(synStreamFrame(id, this.encoder.encode(headers)));
    return this.add(id, headers);
  }

  /** Sends what has been written, then ends the connection. */
  close(): void {
    if (this.closing) return;
    this.closing = true;
    this.socket.write(goAwayFrame(this.lastTheirs));
    this.socket.end();
  }

  /** Ends the connection at once. */
  destroy(): void {
    this.socket.destroy();
  }

  private async run(): Promise<void> {
    let failure = new Error('the SPDY connection has ended');
    this.socket.on('error', (error) => {
      failure = error;
    });
    try {
      if (this.options.head && this.options.head.length > 0) await this.take(Buffer.from(this.options.head));
      for await (const chunk of this.socket) await this.take(chunk as Buffer);
    } catch (error) {
      failure = error as Error;
    }
    for (const stream of this.streams.values()) stream.fail(failure);
    this.streams.clear();
    this.decoder.close();
    if (this.closing) this.socket.end();
    else this.socket.destroy();
  }

  private async take(chunk: Buffer): Promise<void> {
    for (const frame of this.parser.push(chunk)) {
      if (frame.kind === 'data') await this.takeData(frame);
      else await this.takeControl(frame);
    }
  }

  private async takeData(frame: Frame & { kind: 'data' }): Promise<void> {
    const stream = this.streams.get(frame.streamId);
    if (!stream) {
      if (!frame.fin) this.socket.write(rstStreamFrame(frame.streamId, resetStatus.invalidStream));
      return;
    }
    if (frame.payload.length > 0) {
      stream.queue.push(frame.payload);
      await stream.queue.room();
    }
    if (frame.fin) stream.peerEnded();
  }

  private async takeControl(frame: Frame & { kind: 'control' }): Promise<void> {
    const { payload } = frame;
    switch (frame.type) {
      case controlTypes.synStream: {
        const headers = await this.decoder.decode(payload.subarray(10));
        this.accept(payload.readUInt32BE(0), headers, (frame.flags & finFlag) !== 0);
        break;
      }
      case controlTypes.synReply:
      case controlTypes.headers:
        // Nothing in them is used, but the compression state must see every block.
        await this.decoder.decode(payload.subarray(4));
        if (frame.flags & finFlag) this.streams.get(payload.readUInt32BE(0))?.peerEnded();
        break;
      case controlTypes.rstStream:
        this.streams.get(payload.readUInt32BE(0))?.fail(new Error('the peer has reset the stream'));
        break;
      case controlTypes.ping: {
        const theirs = payload.readUInt32BE(0) % 2 === (this.options.role === 'client' ? 0 : 1);
        if (theirs) this.socket.write(pingFrame(payload));
        break;
      }
      default:
        // Settings and windows do not matter here; after goAway the peer ends the connection by itself.
        break;
    }
  }

  private accept(id: number, headers: Headers, fin: boolean): void {
    this.lastTheirs = id;
    if (!this.options.onStream || this.closing) {
      this.socket.write(rstStreamFrame(id, resetStatus.invalidStream));
      return;
    }
    this.socket.write(synReplyFrame(id, this.encoder.encode({})));
    const stream = this.add(id, headers);
    if (fin) stream.peerEnded();
    this.options.onStream(stream);
  }

  private add(id: number, headers: Headers): StreamState {
    const stream = new StreamState(id, headers, {
      send: (data, fin) => this.send(id, data, fin),
      reset: () => this.socket.write(rstStreamFrame(id, resetStatus.cancel)),
      over: () => this.streams.delete(id),
    });
    this.streams.set(id, stream);
    return stream;
  }

  private async send(id: number, data: Uint8Array, fin: boolean): Promise<void> {
    if (this.socket.writableEnded || this.socket.destroyed) return;
    if (this.socket.write(dataFrame(id, data, fin))) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.socket.off('drain', done);
        this.socket.off('close', done);
        resolve();
      };
      this.socket.on('drain', done);
      this.socket.on('close', done);
    });
  }
}

interface StreamActions {
  send(data: Uint8Array, fin: boolean): Promise<void>;
  reset(): void;
  over(): void;
}

class StreamState implements SpdyStream {
  readonly queue = new AsyncQueue<Uint8Array>({ sizeMax: incomingBytesMax, sizeOf: (data) => data.length });
  readonly incoming: AsyncIterable<Uint8Array> = this.queue;
  private ourEnd = false;
  private theirEnd = false;

  constructor(
    readonly id: number,
    readonly headers: Headers,
    private readonly actions: StreamActions,
  ) {}

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length && !this.ourEnd; at += dataBytesMax) {
      await this.actions.send(data.subarray(at, at + dataBytesMax), false);
    }
  }

  end(): void {
    if (this.ourEnd) return;
    this.ourEnd = true;
    void this.actions.send(new Uint8Array(0), true);
    this.finishWhenBothEnded();
  }

  reset(): void {
    if (!this.ourEnd || !this.theirEnd) this.actions.reset();
    this.fail(new Error('the stream has been reset'));
  }

  peerEnded(): void {
    this.theirEnd = true;
    this.queue.end();
    this.finishWhenBothEnded();
  }

  fail(error: Error): void {
    this.ourEnd = true;
    this.theirEnd = true;
    this.queue.fail(error);
    this.actions.over();
  }

  private finishWhenBothEnded(): void {
    if (this.ourEnd && this.theirEnd) this.actions.over();
  }
}
