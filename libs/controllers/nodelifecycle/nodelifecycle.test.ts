import { type ControllerWorld, startControllers } from '../../../test/support/controller-world.ts';
import { leases } from '../../api/kinds/lease.ts';
import { nodes } from '../../api/kinds/node.ts';
import { rfc3339Micro } from '../../base/clock.ts';
import { newNodeLifecycleController } from './reconcile.ts';

const leaseOf = (renewTime: string, labels?: Record<string, string>) => ({
  metadata: { name: 'n', namespace: 'kube-node-lease', ...(labels && { labels }) },
  spec: { holderIdentity: 'n', leaseDurationSeconds: 40, renewTime },
});

describe('nodes of others', () => {
  let world: ControllerWorld;
  const ready = () => world.client.peek(nodes)[0]?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  beforeEach(async () => {
    world = startControllers((context) => [newNodeLifecycleController(context)]);
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    await world.client.create(nodes, { metadata: { name: 'n' }, status });
  });
  afterEach(() => world.stop());

  it('are given up once they no longer renew their lease', async () => {
    const { client, clock } = world;
    await client.create(leases, leaseOf(rfc3339Micro(clock.now())));
    for (let renewal = 0; renewal < 12; renewal++) {
      await clock.advance(10_000);
      const [lease] = client.peek(leases);
      await client.update(leases, { ...lease!, spec: { ...lease!.spec, renewTime: rfc3339Micro(clock.now()) } });
    }
    expect(ready()).toBe('True');
    await clock.advance(45_000);
    expect(ready()).toBe('True');
    await clock.advance(10_000);
    expect(ready()).toBe('Unknown');
  });

  it('are not those whose agent has a session', async () => {
    const { client, clock } = world;
    await client.create(leases, leaseOf(rfc3339Micro(clock.now()), { 'berth.dev/node-session': 'true' }));
    await clock.advance(300_000);
    expect(ready()).toBe('True');
  });
});
