import { StatusError } from '../../base/status.ts';
import type { StreamFrame } from '../../wire/gen/berth/node/v1/session.ts';
import { ByteStreams } from './byte-streams.ts';
import { type SessionStream, streamWindowBytes } from './session-stream.ts';

/** Two ends of one session, with a wire that carries frames when told to. */
class Wire {
  readonly frames: StreamFrame[] = [];
  readonly streams: ByteStreams;
  peer: Wire | undefined;

  constructor() {
    this.streams = new ByteStreams({ urgent: (frame) => this.frames.push(frame), wake: () => {} });
  }

  /** Takes everything that may go and gives it to the peer; answers how many bytes of data went. */
  flush(): number {
    for (let frame = this.streams.pull(); frame; frame = this.streams.pull()) this.frames.push(frame);
    let bytes = 0;
    for (const frame of this.frames.splice(0)) {
      if (frame.frame?.$case === 'data') bytes += frame.frame.value.data.length;
      this.peer!.streams.receive(frame);
    }
    return bytes;
  }
}

let left: Wire;
let right: Wire;
let a: SessionStream;
let b: SessionStream;

beforeEach(() => {
  [left, right] = [new Wire(), new Wire()];
  left.peer = right;
  right.peer = left;
  [a, b] = [left.streams.add(1), right.streams.add(1)];
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Carries frames both ways until nothing moves. */
async function settle(): Promise<void> {
  for (let quiet = 0; quiet < 3; quiet++) {
    left.flush();
    right.flush();
    await turn();
    if (left.frames.length + right.frames.length > 0) quiet = -1;
  }
}

async function read(stream: SessionStream): Promise<{ bytes: number; ends: number[] }> {
  const result = { bytes: 0, ends: [] as number[] };
  for await (const item of stream.incoming) {
    if ('end' in item) result.ends.push(item.channel);
    else result.bytes += item.data.length;
  }
  return result;
}

it('sends no more than the window until the reader makes room', async () => {
  let written = false;
  void a.write(1, Buffer.alloc(4 * streamWindowBytes)).then(() => {
    written = true;
  });
  await turn();
  let sent = 0;
  for (let round = 0; round < 20; round++) {
    sent += left.flush();
    await turn();
  }
  expect([sent, written]).toEqual([streamWindowBytes, false]);
  const reading = read(b);
  await settle();
  a.close();
  await settle();
  expect([await reading, written]).toEqual([{ bytes: 4 * streamWindowBytes, ends: [] }, true]);
});

it('keeps the order of data, ends and the close', async () => {
  void a.write(1, Buffer.from('x'));
  a.endChannel(1);
  void a.write(2, Buffer.from('yz'));
  a.close();
  const reading = read(b);
  await settle();
  expect(await reading).toEqual({ bytes: 3, ends: [1] });
  expect([a.closed.aborted, b.closed.aborted, left.streams.size, right.streams.size]).toEqual([true, true, 0, 0]);
});

it('gives no stream more than its turn', async () => {
  const other = left.streams.add(2);
  void a.write(1, Buffer.alloc(200_000));
  void other.write(1, Buffer.from('small'));
  await turn();
  const order = [left.streams.pull(), left.streams.pull()].map((frame) => frame?.id);
  expect(order).toEqual([1, 2]);
});

it('is accepted with the first read or write of the server', async () => {
  let accepted = false;
  void a.accepted.then(() => {
    accepted = true;
  });
  await settle();
  expect(accepted).toBe(false);
  b.accept();
  await settle();
  expect(accepted).toBe(true);
});

it.each<[string, () => void, RegExp]>([
  ['is refused', () => b.close(new StatusError('NotFound', 'no such container')), /no such container/],
  ['loses its session', () => left.streams.abort('the session has ended'), /the session has ended/],
])('fails before it begins when it %s', async (_, act, message) => {
  act();
  await settle();
  await expect(a.accepted).rejects.toThrow(message);
});

it('tells an error after the data before it', async () => {
  void b.write(1, Buffer.from('some'));
  b.close(new StatusError('Timeout', 'too late'));
  await settle();
  await a.accepted;
  let bytes = 0;
  const reading = (async () => {
    for await (const item of a.incoming) if ('data' in item) bytes += item.data.length;
  })();
  await expect(reading).rejects.toThrow('too late');
  expect(bytes).toBe(4);
});

it('ends the writing of one whose peer wants nothing more', async () => {
  const writing = a.write(1, Buffer.alloc(2 * streamWindowBytes));
  await settle();
  b.close();
  await settle();
  await writing;
  expect(left.streams.size).toBe(0);
});

it('refuses a peer that sends more than there is room for', async () => {
  for (let part = 0; part < 9; part++) {
    const data = Buffer.alloc(streamWindowBytes / 8);
    right.streams.receive({ id: 1, frame: { $case: 'data', value: { channel: 1, data } } });
  }
  await settle();
  await expect(read(a)).rejects.toThrow(/more bytes sent than there is room/);
});

it('takes late frames of a stream that is over as what they are', () => {
  expect(() => left.streams.receive({ id: 77, frame: { $case: 'accepted', value: true } })).not.toThrow();
});
