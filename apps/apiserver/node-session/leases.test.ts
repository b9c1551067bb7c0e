import { leases } from '../../../libs/api/kinds/lease.ts';
import { rfc3339Micro } from '../../../libs/base/clock.ts';
import { silentLogger } from '../../../libs/base/log.ts';
import { StatusError } from '../../../libs/base/status.ts';
import { FakeClient } from '../../../test/support/fake-client.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { followHeld } from './held-leases.ts';
import { SessionLeases } from './leases.ts';

let clock: FakeClock;
let client: FakeClient;
beforeEach(() => {
  clock = new FakeClock();
  client = new FakeClient({ clock });
});

const server = (serverId: string) => new SessionLeases({ client, serverId, clock, logger: silentLogger });
const holder = async (node: string) =>
  (await client.get(leases, { namespace: 'kube-node-lease', name: node })).spec?.holderIdentity;
const writes = () => client.requests.filter((request) => !/^(get|list|watch)/.test(request)).length;

it('takes and releases the lease of a node', async () => {
  const a = server('a');
  await a.take('n1');
  expect(await holder('n1')).toBe('a');
  await a.release('n1');
  expect(await holder('n1')).toBe('');
});

it('leaves a lease alone that another server holds by now', async () => {
  await server('a').take('n1');
  await server('b').take('n1');
  await server('a').release('n1');
  expect(await holder('n1')).toBe('b');
});

it('takes a lease without a Node ever having had one for nothing lost', async () => {
  await expect(server('a').release('never')).resolves.toBeUndefined();
});

it('releases what a dead server held, and only that', async () => {
  const abort = new AbortController();
  const [dead, alive] = [new AbortController(), new AbortController()];
  void server('dead').keep(dead.signal);
  void server('alive').keep(alive.signal);
  await clock.settle();
  await server('dead').take('n1');
  await server('alive').take('n2');
  // Killed: its lease stays, nobody renews it.
  client.delete = (
    (original) =>
    async (...args: Parameters<typeof original>) => {
      if (args[1].name === 'berth-server-dead' && !abort.signal.aborted) return;
      await original(...args);
    }
  )(client.delete.bind(client));
  dead.abort(new Error('killed'));
  await clock.advance(8_000);
  expect(await holder('n1')).toBe('dead');
  abort.abort();
  await clock.advance(12_000);
  expect([await holder('n1'), await holder('n2')]).toEqual(['', 'alive']);
  alive.abort(new Error('done'));
});

it('releases what a dead server of before held without a label, and no kubelet’s', async () => {
  const lease = (namespace: string, name: string, holderIdentity: string) => ({
    metadata: {
      name,
      namespace,
      ...(namespace === 'kube-system' && { labels: { 'berth.dev/node-session-server': 'true' } }),
    },
    spec: { holderIdentity, leaseDurationSeconds: 12, renewTime: rfc3339Micro(clock.now()) },
  });
  await client.create(leases, lease('kube-system', 'berth-server-before', 'before'));
  await client.create(leases, lease('kube-node-lease', 'n1', 'before'));
  await client.create(leases, lease('kube-node-lease', 'n2', 'n2'));
  const abort = new AbortController();
  void server('fresh').keep(abort.signal);
  await clock.advance(8_000);
  expect(await holder('n1')).toBe('before');
  await clock.advance(12_000);
  expect([await holder('n1'), await holder('n2')]).toEqual(['', 'n2']);
  abort.abort(new Error('done'));
});

it('releases what unknown servers held once agents have had time to come back', async () => {
  await server('forgotten').take('n1');
  // A kubelet speaks for this one, and renews it by itself.
  await client.create(leases, {
    metadata: { name: 'n2', namespace: 'kube-node-lease' },
    spec: { holderIdentity: 'n2', leaseDurationSeconds: 40 },
  });
  const abort = new AbortController();
  void server('fresh').keep(abort.signal);
  await clock.advance(4_000);
  expect(await holder('n1')).toBe('forgotten');
  await clock.advance(8_000);
  expect([await holder('n1'), await holder('n2')]).toEqual(['', 'n2']);
  abort.abort(new Error('done'));
});

it('releases what a server held that stopped, unless the agents come to another within the time of a silence', async () => {
  const [stopping, staying] = [new AbortController(), new AbortController()];
  const [a, b] = [server('a'), server('b')];
  void a.keep(stopping.signal);
  void b.keep(staying.signal);
  await clock.advance(60_000);
  for (const node of ['n1', 'n2']) await a.take(node);
  stopping.abort(new Error('done'));
  await clock.advance(4_000);
  expect([await holder('n1'), await holder('n2')]).toEqual(['a', 'a']);
  await b.take('n2');
  await clock.advance(12_000);
  expect([await holder('n1'), await holder('n2')]).toEqual(['', 'b']);
  // Once it is settled, the nodes' Leases are not looked at any more.
  let looks = 0;
  const { list } = client;
  client.list = (resource, options) => {
    if (options?.namespace === 'kube-node-lease') looks += 1;
    return list.call(client, resource, options) as never;
  };
  await clock.advance(40_000);
  expect(looks).toBe(0);
  staying.abort(new Error('done'));
});

it('costs one write in four seconds for a server, none for its nodes', async () => {
  const abort = new AbortController();
  const a = server('a');
  void a.keep(abort.signal);
  for (let node = 0; node < 100; node++) await a.take(`n${node}`);
  await clock.advance(20_000);
  const before = writes();
  await clock.advance(40_000);
  // A renewal is a create that finds the Lease, then a patch.
  expect(writes() - before).toBeLessThanOrEqual(2 * 10);
  abort.abort(new Error('done'));
});

/** Lets every request of one server fail while `down.is`. */
function failing(down: { is: boolean }): FakeClient {
  const refuse = (target: FakeClient, key: string | symbol) => {
    const member: unknown = Reflect.get(target, key, target);
    if (typeof member !== 'function') return member;
    return (...args: unknown[]) => {
      if (down.is) throw new StatusError('ServiceUnavailable', 'the store is away');
      return member.apply(target, args);
    };
  };
  return new Proxy(client, { get: refuse });
}

it('takes nobody for dead because the store was away for longer than a Lease lasts', async () => {
  const down = { is: false };
  const abort = new AbortController();
  const of = (serverId: string) => new SessionLeases({ client: failing(down), serverId, clock, logger: silentLogger });
  const [a, b] = [of('a'), of('b')];
  void a.keep(abort.signal);
  await clock.advance(2_000);
  void b.keep(abort.signal);
  await clock.advance(20_000);
  await a.take('n1');
  await b.take('n2');
  down.is = true;
  await clock.advance(60_000);
  down.is = false;
  await clock.advance(40_000);
  expect([await holder('n1'), await holder('n2')]).toEqual(['a', 'b']);
  expect(client.requests.filter((request) => request.startsWith('delete'))).toEqual([]);
  abort.abort(new Error('done'));
});

it('misses no server that begins between two looks', async () => {
  const abort = new AbortController();
  const { list } = client;
  // A server that writes its Lease and takes a node just after the node Leases were listed, or just before.
  for (const when of ['before', 'after']) {
    client.list = async (resource, options) => {
      const begin = async () => {
        if (options?.namespace !== 'kube-node-lease') return;
        client.list = list;
        await server('late').announce(abort.signal);
        await server('late').take('n1');
      };
      if (when === 'before') await begin();
      const answer = await list.call(client, resource, options);
      if (when === 'after') await begin();
      return answer as never;
    };
    const looking = new AbortController();
    void server(`looking-${when}`).keep(looking.signal);
    await clock.advance(9_000);
    expect(await holder('n1')).toBe('late');
    looking.abort(new Error('done'));
    await clock.settle();
  }
});

it('does not bury a server that renewed after it was looked at', async () => {
  const abort = new AbortController();
  await server('slow').announce(abort.signal);
  await server('slow').take('n1');
  void server('a').keep(abort.signal);
  const { delete: remove } = client;
  client.delete = async (resource, at, options) => {
    if (at.name === 'berth-server-slow') await server('slow').announce(abort.signal);
    await remove.call(client, resource, at, options);
  };
  await clock.advance(14_000);
  expect(await holder('n1')).toBe('slow');
  abort.abort(new Error('done'));
});

it('writes the Lease of a server as soon as the store is there', async () => {
  const down = { is: true };
  const a = new SessionLeases({ client: failing(down), serverId: 'a', clock, logger: silentLogger });
  let announced = false;
  const announcing = a.announce(new AbortController().signal).then(() => {
    announced = true;
  });
  await clock.advance(10_000);
  expect(announced).toBe(false);
  down.is = false;
  await clock.advance(4_000);
  await announcing;
  expect((await client.list(leases, { namespace: 'kube-system' })).items).toHaveLength(1);
});

it('tells of each node whose Lease nobody holds any more, and of no other', async () => {
  const told: string[] = [];
  const held = followHeld({ client, clock, logger: silentLogger }, (node) => told.push(node));
  held.start();
  await clock.settle();
  for (const node of ['n1', 'n2', 'n3']) await server('a').take(node);
  await server('b').release('n1', 'a');
  await server('b').take('n2');
  await client.delete(leases, { namespace: 'kube-node-lease', name: 'n3' });
  await clock.settle();
  expect(told).toEqual(['n1', 'n3']);
  await held.stop();
});
