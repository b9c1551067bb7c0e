import type { V1Pod } from '../../libs/api/gen/types.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { StatusError } from '../../libs/base/status.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { beginScheduling, type SchedulerWorld } from '../../test/support/scheduler-world.ts';

describe('the scheduler', () => {
  it('binds a pod to a node that fits and says so', async () => {
    const world = await beginScheduling();
    await world.addNode('n1');
    await world.addPod('a');
    expect(await world.nodeOf('a')).toBe('n1');
    expect(await world.told()).toEqual(['Normal Scheduled Successfully assigned default/a to n1']);
    await world.stop();
  });

  it('says why a pod waits, and places it the moment a node comes', async () => {
    const world = await beginScheduling();
    await world.addNode('small', '500m');
    await world.addPod('a');
    const message =
      '0/1 nodes are available: 1 Insufficient cpu. ' +
      'preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.';
    expect((await world.pod('a')).status?.conditions).toEqual([
      expect.objectContaining({ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }),
    ]);
    expect(await world.told()).toEqual([`Warning FailedScheduling ${message}`]);
    await world.addNode('large');
    await world.settle();
    expect(await world.nodeOf('a')).toBe('large');
    await world.stop();
  });

  it.each([
    [
      'another pod leaves',
      async (world: SchedulerWorld) =>
        world.client.delete(pods, { namespace: 'default', name: 'full' }, { gracePeriodSeconds: 0 }),
    ],
    [
      'another pod ends',
      async (world) =>
        void (await world.client.patch(
          pods,
          { namespace: 'default', name: 'full' },
          { type: 'merge', body: { status: { phase: 'Succeeded' } } },
          { subresource: 'status' },
        )),
    ],
    [
      'the node grows',
      async (world) =>
        void (await world.client.patch(
          nodes,
          { name: 'n1' },
          { type: 'merge', body: { status: { allocatable: { cpu: '9' } } } },
          { subresource: 'status' },
        )),
    ],
  ] as Array<[string, (world: SchedulerWorld) => Promise<void>]>)(
    'tries again when %s, without any time passing',
    async (_name, change) => {
      const world = await beginScheduling();
      await world.addNode('n1');
      await world.addPod('full', '4');
      await world.addPod('a');
      expect(await world.nodeOf('a')).toBeUndefined();
      await change(world);
      await world.settle();
      expect(await world.nodeOf('a')).toBe('n1');
      await world.stop();
    },
  );

  it('leaves gated pods, finished pods and those of other schedulers alone', async () => {
    const world = await beginScheduling();
    await world.addNode('n1');
    await world.addPod('gated', '1', (pod) => withSpec(pod, { schedulingGates: [{ name: 'wait' }] }));
    await world.addPod('other', '1', (pod) => withSpec(pod, { schedulerName: 'other' }));
    expect([await world.nodeOf('gated'), await world.nodeOf('other')]).toEqual([undefined, undefined]);
    await world.client.patch(
      pods,
      { namespace: 'default', name: 'gated' },
      { type: 'merge', body: { spec: { schedulingGates: null } } },
    );
    await world.settle();
    expect(await world.nodeOf('gated')).toBe('n1');
    await world.stop();
  });

  it('gives a node back when a binding fails, and tries again after a pause', async () => {
    const world = await beginScheduling();
    await world.addNode('n1');
    world.binder.failures.set('a', new StatusError('Conflict', 'somebody else wrote the pod'));
    await world.addPod('a', '4');
    expect(await world.nodeOf('a')).toBeUndefined();
    await world.clock.advance(1300);
    await world.settle();
    expect(await world.nodeOf('a')).toBe('n1');
    await world.stop();
  });

  it('binds many pods in few transactions and never too many on a node', async () => {
    const world = await beginScheduling();
    for (const name of ['n1', 'n2']) await world.addNode(name);
    const names = Array.from({ length: 12 }, (_, at) => `p${at}`);
    await Promise.all(names.map((name) => world.client.create(pods, makePod(name).requests('1', '64Mi').build())));
    await world.settle();
    const placed = await Promise.all(names.map((name) => world.nodeOf(name)));
    expect(placed.filter((node) => node === 'n1')).toHaveLength(4);
    expect(placed.filter((node) => node === 'n2')).toHaveLength(4);
    expect(placed.filter((node) => node === undefined)).toHaveLength(4);
    expect(world.binder.batches.length).toBeLessThan(8);
    await world.stop();
  });

  it('evicts less important pods, keeps the room, and places the important one', async () => {
    const world = await beginScheduling();
    await world.addNode('n1');
    await world.addPod('low', '4');
    await world.addPod('high', '3', (pod) => withSpec(pod, { priority: 100 }));
    await world.addPod('sneaky', '1');
    // Most are bound before that.
    await world.clock.advance(100);
    await world.settle();
    expect((await world.pod('high')).status?.nominatedNodeName).toBe('n1');
    const low = await world.pod('low');
    expect(low.metadata?.deletionTimestamp).toBeDefined();
    expect(low.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'DisruptionTarget', reason: 'PreemptionByScheduler' }),
    );
    await world.client.delete(pods, { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 });
    await world.settle();
    expect(await world.nodeOf('high')).toBe('n1');
    expect(await world.nodeOf('sneaky')).toBe('n1');
    await world.stop();
  });

  it.each([
    [
      'has bound',
      (world: SchedulerWorld, at: { namespace: string; name: string }) =>
        world.client.patch(pods, at, { type: 'merge', body: { spec: { nodeName: 'n2' } } }),
    ],
    ['has deleted', (world, at) => world.client.delete(pods, at, { gracePeriodSeconds: 0 })],
  ] as Array<[string, (world: SchedulerWorld, at: { namespace: string; name: string }) => Promise<unknown>]>)(
    'does not say that a pod waits which somebody else %s',
    async (_name, change) => {
      const world = await beginScheduling();
      await world.addNode('n1');
      await world.addPod('low', '4');
      await world.addPod('high', '3', (pod) => withSpec(pod, { priority: 100 }));
      await change(world, { namespace: 'default', name: 'high' });
      await world.settle();
      const before = await world.told();
      await world.clock.advance(100);
      await world.settle();
      expect(await world.told()).toEqual(before);
      const { items } = await world.client.list<V1Pod>(pods);
      const high = items.find(({ metadata }) => metadata?.name === 'high');
      expect(high?.status?.conditions ?? []).toEqual([]);
      await world.stop();
    },
  );

  it('evicts the pods that started last where nothing else tells nodes apart, also when they started after a first look', async () => {
    const world = await beginScheduling();
    const names = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
    for (const name of names) await world.addNode(name);
    for (const name of names) await world.addPod(`on-${name}`, '4');
    const important = (pod: V1Pod) => withSpec(pod, { priority: 10 });
    await world.addPod('first', '4', important);
    const { items } = await world.client.list<V1Pod>(pods);
    const standing = items.filter(({ metadata }) => metadata?.name !== 'first' && !metadata?.deletionTimestamp);
    expect(standing).toHaveLength(names.length - 1);
    const [youngest] = standing;
    for (const { metadata } of standing) {
      const startTime = metadata === youngest!.metadata ? '2026-01-02T00:00:00Z' : '2026-01-01T00:00:00Z';
      const at = { namespace: 'default', name: metadata!.name! };
      await world.client.patch(pods, at, { type: 'merge', body: { status: { startTime } } }, { subresource: 'status' });
    }
    await world.settle();
    await world.addPod('second', '4', important);
    expect((await world.pod(youngest!.metadata!.name!)).metadata?.deletionTimestamp).toBeDefined();
    await world.stop();
  });
});
