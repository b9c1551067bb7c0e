import { StatusError } from '../../base/status.ts';
import type { StreamFrame } from '../../wire/gen/berth/node/v1/session.ts';
import { decodeFailure } from '../../wire/json.ts';
import { SessionStream } from './session-stream.ts';

export interface ByteStreamsOptions {
  /** Sends a frame at once: credits and such. */
  urgent: (frame: StreamFrame) => void;
  /** Says that `pull` has something. */
  wake: () => void;
}

/**
 * The byte streams of one session, at either end. Frames wait in their stream until `pull` takes them, one stream after
 * another, so that none starves the rest.
 */
export class ByteStreams {
  private readonly streams = new Map<number, SessionStream>();
  /** Ids of streams with something to send, in turn. */
  private readonly ready = new Set<number>();

  constructor(private readonly options: ByteStreamsOptions) {}

  get size(): number {
    return this.streams.size;
  }

  add(id: number): SessionStream {
    const stream = new SessionStream(id, {
      urgent: this.options.urgent,
      ready: () => {
        this.ready.add(id);
        this.options.wake();
      },
      over: () => {
        this.streams.delete(id);
        this.ready.delete(id);
      },
    });
    this.streams.set(id, stream);
    return stream;
  }

  /** Frames of streams that are over are late, not wrong. */
  receive(frame: StreamFrame): void {
    const stream = this.streams.get(frame.id);
    const body = frame.frame;
    if (!stream || !body) return;
    switch (body.$case) {
      case 'accepted':
        stream.peerAccepted();
        break;
      case 'data':
        stream.peerSent(body.value.channel, body.value.data);
        break;
      case 'endChannel':
        stream.peerEnded(body.value);
        break;
      case 'credit':
        stream.peerGranted(body.value);
        break;
      case 'close':
        stream.peerClosed(body.value.failure ? decodeFailure(body.value.failure) : undefined);
        break;
    }
  }

  /** The next frame that may go out. */
  pull(): StreamFrame | undefined {
    for (const id of this.ready) {
      this.ready.delete(id);
      const stream = this.streams.get(id);
      const frame = stream?.next();
      if (!frame) continue;
      if (this.streams.has(id) && stream?.hasNext) this.ready.add(id);
      return frame;
    }
    return undefined;
  }

  /** The session is over: every stream fails. */
  abort(message: string): void {
    for (const stream of [...this.streams.values()]) stream.peerClosed(new StatusError('ServiceUnavailable', message));
  }
}
