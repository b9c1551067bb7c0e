import { StatusError } from '../../../libs/base/status.ts';
import type { ByteStream } from '../../../libs/node/link.ts';
import { ByteStreams } from '../../../libs/node/session/byte-streams.ts';
import { Outbox } from '../../../libs/node/session/outbox.ts';
import type { SessionStream } from '../../../libs/node/session/session-stream.ts';
import type { StreamFrame } from '../../../libs/wire/gen/berth/node/v1/session.ts';

/** The one stream of a gateway call. */
export const gatewayStreamId = 1;

/** One end of a gateway call: a single byte stream in frames, with the flow control of a session. */
export class GatewayEnd {
  readonly stream: SessionStream;
  private readonly streams: ByteStreams;
  private readonly outbox: Outbox<StreamFrame>;

  constructor(send: (frame: StreamFrame) => boolean) {
    this.outbox = new Outbox(send);
    this.streams = new ByteStreams({ urgent: (frame) => this.outbox.push(frame), wake: () => this.outbox.wake() });
    this.outbox.addSource(() => this.streams.pull());
    this.stream = this.streams.add(gatewayStreamId);
  }

  receive(frame: StreamFrame): void {
    this.streams.receive(frame);
  }

  drained(): void {
    this.outbox.drained();
  }

  /** The connection is gone. */
  lost(why: string): void {
    this.streams.abort(why);
    this.outbox.close();
  }
}

/** Copies between two byte streams until one of them is over; then both are. */
export async function joinStreams(near: ByteStream, far: ByteStream): Promise<void> {
  const onward = copy(near, far).finally(() => far.close());
  try {
    await copy(far, near);
    near.close();
  } catch (error) {
    near.close(error as Error);
  } finally {
    far.close();
  }
  await onward.catch(() => {});
}

async function copy(from: ByteStream, to: ByteStream): Promise<void> {
  for await (const item of from.incoming) {
    if ('end' in item) to.endChannel(item.channel);
    else await to.write(item.channel, item.data);
  }
}

export const gatewayLost = (why: string) => new StatusError('ServiceUnavailable', why);
