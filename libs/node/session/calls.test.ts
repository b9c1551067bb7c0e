import { at, LinkBench } from '../../../test/support/link-bench.ts';
import { StatusError } from '../../base/status.ts';
import { encodeFailure, encodeJson } from '../../wire/json.ts';

let bench: LinkBench;

beforeEach(() => {
  bench = new LinkBench();
});
afterEach(() => bench.link.close());

describe('calls', () => {
  it('are asked again after a lost connection', async () => {
    bench.begin();
    const token = bench.link.createToken({
      ...{ namespace: 'default', serviceAccountName: 'sa', audiences: [], expirationSeconds: 600 },
      pod: { name: 'a', uid: 'a' },
    });
    bench.last.break();
    await bench.clock.advance(200);
    bench.last.welcome();
    const [request] = bench.last.of('call');
    bench.last.say({
      $case: 'call',
      value: { id: request!.id, result: { $case: 'value', value: encodeJson({ token: 't' }) } },
    });
    expect(await token).toEqual({ token: 't' });
  });

  it('fail as the control plane says', async () => {
    bench.begin();
    const read = bench.link.readObject('secrets', at('s'));
    const value = encodeFailure(new StatusError('Forbidden', 'not yours'));
    bench.last.say({ $case: 'call', value: { id: bench.last.of('call')[0]!.id, result: { $case: 'failure', value } } });
    await expect(read).rejects.toMatchObject({ reason: 'Forbidden', message: 'not yours' });
  });

  it('fail when nobody answers', async () => {
    bench.begin();
    const read = bench.link.readObject('secrets', at('s')).catch((error: unknown) => error);
    for (let beat = 0; beat < 16; beat++) {
      await bench.clock.advance(2_000);
      if (bench.last.open) bench.last.say({ $case: 'heartbeat', value: { sequence: beat } });
    }
    expect(await read).toMatchObject({ reason: 'Timeout' });
  });
});

describe('streams', () => {
  const open = (id: number, kind = 'exec') =>
    bench.last.say({ $case: 'open', value: { id, kind, request: encodeJson({}) } });
  const frames = () => bench.last.of('stream').map((frame) => frame.frame);

  it.each<[string, string, Partial<StatusError>]>([
    ['while the agent starts', 'exec', { reason: 'ServiceUnavailable' }],
    ['of an unknown kind', 'dance', { reason: 'ServiceUnavailable' }],
  ])('are refused %s', async (_, kind, expected) => {
    bench.begin();
    open(1, kind);
    await bench.clock.settle();
    const [frame] = frames();
    expect(frame?.$case === 'close' && JSON.parse(String(frame.value.failure))).toMatchObject(expected);
  });

  it('end with an error when the connection is lost', async () => {
    bench.begin();
    let ended: unknown;
    bench.link.serve({
      ...emptyHandlers,
      exec: async (_request, stream) => {
        for await (const item of stream.incoming) void item;
        ended = 'quietly';
      },
      attach: async (_request, stream) => {
        await stream.write(1, Buffer.alloc(1_000_000));
        ended = stream.closed.aborted;
      },
    });
    open(1, 'attach');
    await bench.clock.settle();
    bench.last.break();
    await bench.clock.settle();
    expect(ended).toBe(true);
  });
});

const emptyHandlers = {
  exec: async () => {},
  attach: async () => {},
  logs: async () => {},
  portForward: async () => {},
  http: async () => ({ status: 200, contentType: '', body: new Uint8Array(0) }),
};
