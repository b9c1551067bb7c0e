import { FakeClock } from '../../../test/support/fake-clock.ts';
import type { V1Pod } from '../../api/gen/types.ts';
import { seededRandom } from '../../base/random.ts';
import { StatusError } from '../../base/status.ts';
import type { AgentMessage, ServerMessage } from '../../wire/gen/berth/node/v1/session.ts';
import { encodeFailure, encodeJson } from '../../wire/json.ts';
import type { NodeLink } from '../link.ts';
import { createNodeLink } from './node-link.ts';
import type { TransportEvents } from './transport.ts';

type ServerBody = NonNullable<ServerMessage['body']>;

/** The server's end of one connection: notes what comes and says what the test tells it to. */
class FakeConnection {
  readonly received: AgentMessage[] = [];
  room = true;
  open = true;

  constructor(private readonly events: TransportEvents) {}

  say(body: ServerBody): void {
    this.events.message({ body });
  }

  welcome(): void {
    this.say({ $case: 'welcome', value: { serverId: 's1', heartbeatIntervalMs: 2_000, silenceMaxMs: 8_000 } });
  }

  makeRoom(): void {
    this.room = true;
    this.events.drained();
  }

  break(): void {
    this.open = false;
    this.events.closed(new Error('cut'));
  }

  /** The bodies of one kind, in order. */
  of<K extends NonNullable<AgentMessage['body']>['$case']>(kind: K) {
    return this.received.flatMap(({ body }) =>
      body?.$case === kind ? [body.value as Extract<NonNullable<AgentMessage['body']>, { $case: K }>['value']] : [],
    );
  }
}

let clock: FakeClock;
let connections: FakeConnection[];
let link: NodeLink;

beforeEach(() => {
  clock = new FakeClock();
  connections = [];
  link = createNodeLink({
    transport: {
      connect(events) {
        const connection = new FakeConnection(events);
        connections.push(connection);
        return {
          send(message) {
            connection.received.push(message);
            return connection.room;
          },
          close() {
            connection.open = false;
          },
        };
      },
    },
    node: { metadata: { name: 'n1' } },
    agentVersion: 'test',
    clock,
    random: seededRandom(1),
  });
});
afterEach(() => link.close());

const last = () => connections[connections.length - 1]!;
const begin = () => {
  link.reportNodeStatus({ capacity: { cpu: '1' } });
  last().welcome();
};
const at = (name: string) => ({ namespace: 'default', name });
const pod = (name: string, version: string, uid = name): V1Pod => ({
  metadata: { ...at(name), uid, resourceVersion: version },
});
const change = (object: V1Pod) => ({ key: `default/${object.metadata?.name}`, object: encodeJson(object) });
const changes = (resource: string, list: V1Pod[], synced: boolean): ServerBody => ({
  $case: 'changes',
  value: { resource, changes: list.map(change), synced },
});
const acknowledge = (...sequences: number[]): ServerBody => ({ $case: 'acknowledgement', value: { sequences } });

describe('dialling', () => {
  it('waits for the first node status and sends it with the Hello', () => {
    expect(connections).toHaveLength(0);
    begin();
    expect(JSON.parse(last().of('hello')[0]!.node.toString())).toEqual({
      metadata: { name: 'n1' },
      status: { capacity: { cpu: '1' } },
    });
    expect(link.connected).toBe(true);
  });

  it('tries again with growing delays that chance shortens', async () => {
    link.reportNodeStatus({});
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 8; attempt++) {
      last().break();
      const since = clock.monotonic();
      while (connections.length === attempt) await clock.advance(5);
      delays.push(clock.monotonic() - since);
    }
    expect(delays[0]).toBeLessThanOrEqual(105);
    expect(Math.max(...delays)).toBeLessThanOrEqual(5_005);
    expect(Math.max(...delays)).toBeGreaterThan(2_000);
  });

  it('gives up a connection on which nothing is heard', async () => {
    begin();
    const first = last();
    await clock.advance(7_000);
    expect(first.of('heartbeat').length).toBeGreaterThanOrEqual(3);
    expect(link.connected).toBe(true);
    await clock.advance(4_000);
    expect(first.open).toBe(false);
    await clock.advance(200);
    expect(connections).toHaveLength(2);
  });

  it('has more patience with a server that has yet to welcome it', async () => {
    link.reportNodeStatus({});
    await clock.advance(20_000);
    expect([connections.length, last().open]).toEqual([1, true]);
    await clock.advance(15_000);
    expect(connections.length).toBeGreaterThan(1);
  });

  it('keeps a connection on which heartbeats are answered', async () => {
    begin();
    for (let beat = 0; beat < 10; beat++) {
      await clock.advance(2_000);
      last().say({ $case: 'heartbeat', value: { sequence: beat } });
    }
    expect(connections).toHaveLength(1);
  });
});

describe('reports', () => {
  it('are sent until acknowledged, through lost connections, the newest only', async () => {
    begin();
    link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Pending' } });
    link.reportPodStatus({ at: at('b'), uid: 'b', status: { phase: 'Running' } });
    last().say(acknowledge(last().of('podStatus')[1]!.sequence));
    last().break();
    link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Running' } });
    await clock.advance(200);
    last().welcome();
    const sent = last().of('podStatus');
    expect(sent.map((report) => [report.name, JSON.parse(report.status.toString()).phase])).toEqual([['a', 'Running']]);
  });

  it('are not forgotten when an older one of the same pod is acknowledged', async () => {
    begin();
    link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Pending' } });
    const [first] = last().of('podStatus');
    link.reportPodStatus({ at: at('a'), uid: 'a', status: { phase: 'Running' } });
    last().say(acknowledge(first!.sequence));
    last().break();
    await clock.advance(200);
    last().welcome();
    expect(last().of('podStatus')).toHaveLength(1);
  });

  it('wait, merged, while the connection has no room', () => {
    begin();
    last().room = false;
    link.reportPodStatus({ at: at('x'), uid: 'x', status: {} });
    for (let change = 0; change < 1_000; change++) {
      link.reportPodStatus({ at: at('a'), uid: 'a', status: { message: String(change) } });
    }
    expect(last().of('podStatus')).toHaveLength(1);
    last().makeRoom();
    expect(
      last()
        .of('podStatus')
        .map((report) => report.name),
    ).toEqual(['x', 'a']);
    expect(last().of('podStatus')[1]!.status.toString()).toContain('999');
  });

  it('of events are bounded: the oldest give way', async () => {
    link.reportNodeStatus({});
    for (let event = 0; event < 1_500; event++) {
      link.recordEvent({ metadata: { namespace: 'default', name: `e${event}` }, involvedObject: {} });
    }
    last().welcome();
    const sent = last().of('event');
    expect(sent).toHaveLength(1_000);
    expect(sent[0]!.event.toString()).toContain('"e500"');
  });

  it('do not go out before the welcome', () => {
    link.reportNodeStatus({});
    link.reportPodStatus({ at: at('a'), uid: 'a', status: {} });
    expect(last().of('podStatus')).toHaveLength(0);
  });
});

describe('mirrors', () => {
  it('show nothing until they are complete, then everything at once', () => {
    const seen: string[][] = [];
    link.mirror('pods').subscribe((batch) => seen.push(batch.map((entry) => entry.key)));
    begin();
    last().say(changes('pods', [pod('a', '1')], false));
    expect([link.mirror('pods').synced, link.mirror('pods').list(), seen]).toEqual([false, [], []]);
    last().say(changes('pods', [pod('b', '2')], true));
    expect(seen).toEqual([['default/a', 'default/b']]);
  });

  it('tell what they hold when they resume, and keep it meanwhile', async () => {
    begin();
    last().say(changes('pods', [pod('a', '1'), pod('b', '2')], true));
    last().break();
    expect(link.mirror('pods').list()).toHaveLength(2);
    await clock.advance(200);
    const known = last()
      .of('hello')[0]!
      .known.find((collection) => collection.resource === 'pods');
    expect(known?.versions).toEqual({ 'default/a': '1', 'default/b': '2' });
    last().welcome();
    last().say({
      $case: 'changes',
      value: { resource: 'pods', changes: [{ key: 'default/a', object: undefined }], synced: true },
    });
    expect(
      link
        .mirror('pods')
        .list()
        .map((object) => object.metadata?.name),
    ).toEqual(['b']);
  });

  it('tell a replacement under the same name as a removal and an arrival', () => {
    begin();
    last().say(changes('pods', [pod('a', '1', 'old')], true));
    const seen: Array<string | undefined> = [];
    link.mirror('pods').subscribe((batch) => seen.push(...batch.map((entry) => entry.object?.metadata?.uid)));
    last().say(changes('pods', [pod('a', '2', 'new')], true));
    expect(seen).toEqual(['old', undefined, 'new']);
  });
});

describe('calls', () => {
  it('are asked again after a lost connection', async () => {
    begin();
    const token = link.createToken({
      ...{ namespace: 'default', serviceAccountName: 'sa', audiences: [], expirationSeconds: 600 },
      pod: { name: 'a', uid: 'a' },
    });
    last().break();
    await clock.advance(200);
    last().welcome();
    const [request] = last().of('call');
    last().say({
      $case: 'call',
      value: { id: request!.id, result: { $case: 'value', value: encodeJson({ token: 't' }) } },
    });
    expect(await token).toEqual({ token: 't' });
  });

  it('fail as the control plane says', async () => {
    begin();
    const read = link.readObject('secrets', at('s'));
    const value = encodeFailure(new StatusError('Forbidden', 'not yours'));
    last().say({ $case: 'call', value: { id: last().of('call')[0]!.id, result: { $case: 'failure', value } } });
    await expect(read).rejects.toMatchObject({ reason: 'Forbidden', message: 'not yours' });
  });

  it('fail when nobody answers', async () => {
    begin();
    const read = link.readObject('secrets', at('s')).catch((error: unknown) => error);
    for (let beat = 0; beat < 16; beat++) {
      await clock.advance(2_000);
      if (last().open) last().say({ $case: 'heartbeat', value: { sequence: beat } });
    }
    expect(await read).toMatchObject({ reason: 'Timeout' });
  });
});

describe('streams', () => {
  const open = (id: number, kind = 'exec') =>
    last().say({ $case: 'open', value: { id, kind, request: encodeJson({}) } });
  const frames = () =>
    last()
      .of('stream')
      .map((frame) => frame.frame);

  it.each<[string, string, Partial<StatusError>]>([
    ['while the agent starts', 'exec', { reason: 'ServiceUnavailable' }],
    ['of an unknown kind', 'dance', { reason: 'ServiceUnavailable' }],
  ])('are refused %s', async (_, kind, expected) => {
    begin();
    open(1, kind);
    await clock.settle();
    const [frame] = frames();
    expect(frame?.$case === 'close' && JSON.parse(String(frame.value.failure))).toMatchObject(expected);
  });

  it('end with an error when the connection is lost', async () => {
    begin();
    let ended: unknown;
    link.serve({
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
    await clock.settle();
    last().break();
    await clock.settle();
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
