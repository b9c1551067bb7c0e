import { type ControllerWorld, startControllers } from '../../../test/support/controller-world.ts';
import type { V1Lease } from '../../api/gen/types.ts';
import { leases } from '../../api/kinds/lease.ts';
import { nodes } from '../../api/kinds/node.ts';
import { rfc3339Micro } from '../../base/clock.ts';
import { StatusError } from '../../base/status.ts';
import { newNodeLifecycleController } from './reconcile.ts';

const namespace = 'kube-node-lease';
const leaseOf = (spec: V1Lease['spec'], labels?: Record<string, string>) => ({
  metadata: { name: 'n', namespace, ...(labels && { labels }) },
  spec: { holderIdentity: 'n', leaseDurationSeconds: 40, ...spec },
});
const serverAt = { namespace: 'kube-system', name: 'berth-server-s1' };
const serverLease = { metadata: serverAt, spec: { holderIdentity: 's1' } };
const session = { 'berth.dev/node-session': 'true' };

describe('nodes of others', () => {
  let world: ControllerWorld;
  const node = (name = 'n') => world.client.peek(nodes).find(({ metadata }) => metadata?.name === name);
  const ready = () => node()?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  const renewTime = () => rfc3339Micro(world.clock.now());
  const renew = (at = { namespace, name: 'n' }) =>
    world.client.patch(leases, at, { type: 'merge', body: { spec: { renewTime: renewTime() } } });
  const beat = async (name = 'n') => {
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: renewTime() }];
    await world.client.patch(
      nodes,
      { name },
      { type: 'merge', body: { status: { conditions } } },
      { subresource: 'status' },
    );
  };
  /** Lets `ms` pass and does what is to be done every five seconds. */
  const live = async (ms: number, ...work: Array<() => Promise<unknown>>) => {
    for (let leftMs = ms; leftMs > 0; leftMs -= 5_000) {
      await world.clock.advance(5_000);
      for (const each of work) await each();
    }
  };

  beforeEach(async () => {
    world = startControllers((context) => [newNodeLifecycleController(context)]);
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await world.client.create(nodes, { metadata: { name: 'n' }, status });
  });
  afterEach(() => world.stop());

  it('are given up once they no longer renew their lease', async () => {
    await world.client.create(leases, leaseOf({ renewTime: renewTime() }));
    await live(120_000, renew);
    expect(ready()).toBe('True');
    await live(45_000);
    expect(ready()).toBe('True');
    await live(10_000);
    expect(ready()).toBe('Unknown');
  });

  it('are not given up while their status beats beside a lease that is left over', async () => {
    await world.client.create(leases, leaseOf({ renewTime: renewTime() }));
    await live(120_000, beat);
    expect(ready()).toBe('True');
    expect(world.client.requests).not.toContain('update nodes/status n');
    await live(55_000);
    expect(ready()).toBe('Unknown');
  });

  it.each([
    { name: 'was never renewed', spec: {} },
    { name: 'nobody holds', spec: { holderIdentity: '' } },
  ])('have the whole grace with a lease that $name', async ({ spec }) => {
    await world.client.create(leases, leaseOf(spec));
    await live(45_000);
    expect(ready()).toBe('True');
    await live(10_000);
    expect(ready()).toBe('Unknown');
  });

  it('are not those whose agent has a session', async () => {
    await world.client.create(leases, leaseOf({ renewTime: renewTime() }, session));
    await live(300_000);
    expect(ready()).toBe('True');
  });

  it('are not those of a server of before, which did not label, until it is gone', async () => {
    const { client } = world;
    await client.create(leases, serverLease);
    await client.create(leases, leaseOf({ holderIdentity: 's1', renewTime: renewTime() }));
    await live(300_000, () => renew(serverAt));
    expect(ready()).toBe('True');
    await client.delete(leases, serverAt);
    await live(45_000);
    expect(ready()).toBe('True');
    await live(15_000);
    expect(ready()).toBe('Unknown');
  });

  it('are looked at again when the server knew more than the cache', async () => {
    const { client } = world;
    await client.create(leases, leaseOf({ renewTime: renewTime() }));
    await live(5_000);
    const { get } = client;
    // The watch is stuck: the cache knows the first renewal, the server a later one.
    client.get = async (resource, at) => {
      const found = await get.call(client, resource, at);
      return { ...found, spec: { holderIdentity: 'n', renewTime: 'later' } } as never;
    };
    await live(55_000);
    expect(ready()).toBe('True');
    await live(55_000);
    expect(ready()).toBe('Unknown');
  });

  it('are not given up by a clock that jumps', async () => {
    const { client, clock } = world;
    await client.create(leases, leaseOf({ renewTime: renewTime() }));
    await live(10_000, renew);
    await live(5_000);
    const { now } = clock;
    clock.now = () => now.call(clock) + 3_600_000;
    const labels = { changed: 'yes' };
    await client.patch(nodes, { name: 'n' }, { type: 'merge', body: { metadata: { labels } } });
    await live(15_000);
    expect(ready()).toBe('True');
    clock.now = now;
    await live(20_000);
    expect(ready()).toBe('True');
  });

  it('have the whole grace after the API could not be read', async () => {
    const { client } = world;
    await client.create(leases, leaseOf({ renewTime: renewTime() }));
    await live(10_000, renew);
    const { get, list } = client;
    const fail = async () => {
      throw new StatusError('ServiceUnavailable', 'down');
    };
    Object.assign(client, { get: fail, list: fail });
    await live(90_000);
    Object.assign(client, { get, list });
    await live(40_000);
    expect(ready()).toBe('True');
    await live(20_000);
    expect(ready()).toBe('Unknown');
  });

  it('have the whole grace after the store could not be written', async () => {
    await world.client.create(leases, serverLease);
    await world.client.create(leases, leaseOf({ renewTime: renewTime() }));
    await live(20_000, renew, () => renew(serverAt));
    await live(90_000);
    expect(ready()).toBe('True');
    await live(45_000, () => renew(serverAt));
    expect(ready()).toBe('True');
    await live(20_000, () => renew(serverAt));
    expect(ready()).toBe('Unknown');
  });

  it('keep their pods while all are silent, until the first is back', async () => {
    const { client } = world;
    await client.create(nodes, { metadata: { name: 'm' } });
    const both = [() => beat('n'), () => beat('m')];
    await live(10_000, ...both);
    const effects = (name: string) => node(name)?.spec?.taints?.map(({ effect }) => effect) ?? [];
    await live(60_000);
    expect([effects('n'), effects('m')]).toEqual([['NoSchedule'], ['NoSchedule']]);
    await live(5_000, () => beat('m'));
    await live(5_000);
    expect([effects('n'), effects('m')]).toEqual([['NoSchedule', 'NoExecute'], []]);
    await client.delete(nodes, { name: 'm' });
    await live(5_000);
    expect(effects('n')).toEqual(['NoSchedule']);
  });
});
