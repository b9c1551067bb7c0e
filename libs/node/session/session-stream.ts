import { StatusError } from '../../base/status.ts';
import { AsyncQueue } from '../../streaming/async-queue.ts';
import type { StreamFrame } from '../../wire/gen/berth/node/v1/session.ts';
import { encodeFailure } from '../../wire/json.ts';
import type { ByteStream } from '../link.ts';

/** What each side may send before the other has made room. Part of the protocol: both sides start with it. */
export const streamWindowBytes = 256 * 1024;
/** Room is announced in steps of this size. */
const creditStepBytes = streamWindowBytes / 4;
/** The largest piece of data in one frame. */
const frameBytesMax = 32 * 1024;

type Incoming = { channel: number; data: Uint8Array } | { channel: number; end: true };
type Body = NonNullable<StreamFrame['frame']>;

export interface SessionStreamActions {
  urgent(frame: StreamFrame): void;
  /** `next` has a frame now. */
  ready(): void;
  over(): void;
}

interface Waiting {
  body: Body;
  sent: () => void;
}

const sizeOf = (item: Incoming) => ('data' in item ? item.data.length : 0);

/** One end of one byte stream. */
export class SessionStream implements ByteStream {
  /** Resolves when the peer has begun to serve the stream; rejects when it refuses to, or the session ends before. */
  readonly accepted: Promise<void>;
  private resolveAccepted: () => void = () => {};
  private rejectAccepted: (error: Error) => void = () => {};
  private weAccepted = false;
  private readonly queue: AsyncQueue<Incoming>;
  private readonly waiting: Waiting[] = [];
  private readonly abort = new AbortController();
  private sendWindow = streamWindowBytes;
  private receiveWindow = streamWindowBytes;
  private taken = 0;
  private closing = false;

  constructor(
    private readonly id: number,
    private readonly actions: SessionStreamActions,
  ) {
    this.accepted = new Promise((resolve, reject) => {
      this.resolveAccepted = resolve;
      this.rejectAccepted = reject;
    });
    // Nobody need ask.
    this.accepted.catch(() => {});
    this.queue = new AsyncQueue<Incoming>({ sizeMax: 0, sizeOf, onTaken: (size) => this.grant(size) });
  }

  get closed(): AbortSignal {
    return this.abort.signal;
  }

  get incoming(): AsyncIterable<Incoming> {
    return {
      [Symbol.asyncIterator]: () => {
        this.accept();
        return this.queue[Symbol.asyncIterator]();
      },
    };
  }

  accept(): void {
    if (this.weAccepted || this.closing) return;
    this.weAccepted = true;
    this.actions.urgent(this.frame({ $case: 'accepted', value: true }));
  }

  async write(channel: number, data: Uint8Array): Promise<void> {
    this.accept();
    for (let at = 0; at < data.length && !this.closing; at += frameBytesMax) {
      const part = Buffer.from(data.subarray(at, at + frameBytesMax));
      await this.enqueue({ $case: 'data', value: { channel, data: part } });
    }
  }

  endChannel(channel: number): void {
    if (!this.closing) void this.enqueue({ $case: 'endChannel', value: channel });
  }

  close(error?: Error): void {
    if (this.closing) return;
    void this.enqueue({ $case: 'close', value: { failure: error && encodeFailure(error) } });
    this.closing = true;
  }

  /** Whether `next` would give a frame now. */
  get hasNext(): boolean {
    const first = this.waiting[0];
    return first !== undefined && (first.body.$case !== 'data' || this.sendWindow > 0);
  }

  /** Takes the next frame out of the queue, as far as the peer has room. */
  next(): StreamFrame | undefined {
    const first = this.waiting[0];
    if (!first || !this.hasNext) return undefined;
    const body = first.body;
    if (body.$case === 'data') {
      const { channel, data } = body.value;
      const part = data.subarray(0, this.sendWindow);
      this.sendWindow -= part.length;
      if (part.length < data.length) {
        first.body = { $case: 'data', value: { channel, data: data.subarray(part.length) } };
        return this.frame({ $case: 'data', value: { channel, data: part } });
      }
    }
    this.waiting.shift();
    first.sent();
    if (body.$case === 'close') this.finish();
    return this.frame(body);
  }

  peerAccepted(): void {
    this.resolveAccepted();
  }

  peerSent(channel: number, data: Uint8Array): void {
    this.resolveAccepted();
    this.receiveWindow -= data.length;
    if (this.receiveWindow < 0) {
      this.close(new StatusError('BadRequest', 'more bytes sent than there is room'));
      return;
    }
    this.queue.push({ channel, data });
  }

  peerEnded(channel: number): void {
    this.resolveAccepted();
    this.queue.push({ channel, end: true });
  }

  peerGranted(bytes: number): void {
    this.sendWindow += bytes;
    if (this.hasNext) this.actions.ready();
  }

  /** Ends the stream for both sides: nothing is sent any more, what has come may still be read. */
  peerClosed(error: Error | undefined): void {
    if (error) {
      this.rejectAccepted(error);
      this.queue.fail(error);
    }
    this.finish();
  }

  private enqueue(body: Body): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ body, sent: resolve });
      if (this.hasNext) this.actions.ready();
    });
  }

  private grant(size: number): void {
    if (size === 0 || this.closing) return;
    this.taken += size;
    if (this.taken < creditStepBytes) return;
    this.receiveWindow += this.taken;
    this.actions.urgent(this.frame({ $case: 'credit', value: this.taken }));
    this.taken = 0;
  }

  private finish(): void {
    this.closing = true;
    this.resolveAccepted();
    this.queue.end();
    for (const { sent } of this.waiting.splice(0)) sent();
    this.actions.over();
    this.abort.abort();
  }

  private frame(frame: Body): StreamFrame {
    return { id: this.id, frame };
  }
}
