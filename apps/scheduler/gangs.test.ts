import type { V1Pod } from '../../libs/api/gen/types.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { StatusError } from '../../libs/base/status.ts';
import { groupLabel, groupTimeoutKey, minMemberKey } from '../../libs/scheduling/gang.ts';
import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { beginScheduling, type SchedulerWorld } from '../../test/support/scheduler-world.ts';

const member =
  (group: string, minMembers: number, spec: object = {}) =>
  (pod: V1Pod): V1Pod =>
    withSpec(
      {
        ...pod,
        metadata: {
          ...pod.metadata,
          labels: { [groupLabel]: group, [minMemberKey]: `${minMembers}` },
          annotations: { [groupTimeoutKey]: '10' },
        },
      },
      spec,
    );

const nodesOf = (world: SchedulerWorld, ...names: string[]) => Promise.all(names.map((name) => world.nodeOf(name)));
const messageOf = async (world: SchedulerWorld, name: string) =>
  (await world.pod(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;

describe('a group of pods', () => {
  let world: SchedulerWorld;
  beforeEach(async () => {
    world = await beginScheduling();
    await world.addNode('n1', '4');
  });
  afterEach(() => world.stop());

  it('waits until enough members exist, and is then placed as a whole', async () => {
    for (const name of ['a', 'b']) await world.addPod(name, '1', member('g', 3));
    expect(await nodesOf(world, 'a', 'b')).toEqual([undefined, undefined]);
    expect(await messageOf(world, 'a')).toBe('pod group default/g waits for members: 2 of 3 exist');
    await world.addPod('c', '1', member('g', 3));
    expect(await nodesOf(world, 'a', 'b', 'c')).toEqual(['n1', 'n1', 'n1']);
  });

  it('holds nothing while it does not fit, and says how many of how many do', async () => {
    for (const name of ['a', 'b', 'c']) await world.addPod(name, '2', member('g', 3));
    expect(await nodesOf(world, 'a', 'b', 'c')).toEqual([undefined, undefined, undefined]);
    expect(await messageOf(world, 'a')).toBe(
      'pod group default/g: 2 of 3 members fit. 0/1 nodes are available: 1 Insufficient cpu.',
    );
    expect(world.scheduler.explain(await world.pod('a')).lastDecision).toMatchObject({
      outcome: 'unschedulable',
      // One for each arrival: members that fit and gave their nodes back are no change that the group waits for.
      attempts: 3,
    });
    await world.addPod('single', '4');
    expect(await world.nodeOf('single')).toBe('n1');
    await world.addNode('n2', '4');
    await world.addNode('n3', '4');
    await world.settle();
    expect((await nodesOf(world, 'a', 'b', 'c')).includes(undefined)).toBe(false);
  });

  it('takes a late member by itself once the others run', async () => {
    for (const name of ['a', 'b']) await world.addPod(name, '1', member('g', 2));
    await world.addPod('c', '1', member('g', 2));
    expect(await world.nodeOf('c')).toBe('n1');
  });

  it('does not lock out another group: of two that each want all, one gets it and then the other', async () => {
    for (const name of ['a1', 'b1', 'a2', 'b2', 'a3', 'b3', 'a4', 'b4']) {
      await world.addPod(name, '1', member(name[0]!, 4));
    }
    const first = await nodesOf(world, 'a1', 'a2', 'a3', 'a4');
    expect(first).toEqual(['n1', 'n1', 'n1', 'n1']);
    expect(await nodesOf(world, 'b1', 'b2', 'b3', 'b4')).toEqual([undefined, undefined, undefined, undefined]);
    for (const name of ['a1', 'a2', 'a3', 'a4']) {
      await world.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds: 0 });
    }
    await world.settle();
    expect(await nodesOf(world, 'b1', 'b2', 'b3', 'b4')).toEqual(['n1', 'n1', 'n1', 'n1']);
  });

  it('drives out less important pods only when that makes room for enough members', async () => {
    await world.addPod('low', '3');
    for (const name of ['a', 'b', 'c']) await world.addPod(name, '2', member('g', 3, { priority: 9 }));
    expect((await world.pod('low')).metadata?.deletionTimestamp).toBeUndefined();
    await world.addPod('d', '2', member('h', 2, { priority: 9 }));
    await world.addPod('e', '2', member('h', 2, { priority: 9 }));
    expect((await world.pod('low')).metadata?.deletionTimestamp).toBeDefined();
    expect(await nodesOf(world, 'd', 'e')).toEqual([undefined, undefined]);
    await world.client.delete(pods, { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 });
    await world.settle();
    expect(await nodesOf(world, 'd', 'e')).toEqual(['n1', 'n1']);
  });

  it('gives held nodes back when the room for the others is not made in time', async () => {
    await world.addPod('low', '2');
    for (const name of ['a', 'b']) await world.addPod(name, '2', member('g', 2, { priority: 9 }));
    // The victim is on its way out and does not go; one member holds the free half of the node.
    expect((await world.pod('low')).metadata?.deletionTimestamp).toBeDefined();
    await world.clock.advance(100);
    await world.settle();
    expect(await messageOf(world, 'b')).toMatch(/Insufficient cpu/);
    expect(world.scheduler.explain(await world.pod('a')).lastDecision).toMatchObject({ outcome: 'held', node: 'n1' });
    await world.clock.advance(11_000);
    await world.settle();
    expect(await messageOf(world, 'a')).toMatch(/room for the others was not made in time/);
    expect(await nodesOf(world, 'a', 'b')).toEqual([undefined, undefined]);
  });

  it('sleeps while victims leave and none of its members has a node', async () => {
    await world.addPod('low', '4');
    const apart = {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app: 'nobody' } }, topologyKey: 'kubernetes.io/hostname' },
        ],
      },
    };
    for (const name of ['a', 'b']) await world.addPod(name, '2', member('g', 2, { priority: 9, affinity: apart }));
    expect((await world.pod('low')).metadata?.deletionTimestamp).toBeDefined();
    const attempts = () => world.pod('a').then((pod) => world.scheduler.explain(pod).lastDecision?.attempts);
    const before = await attempts();
    expect(before).toBeLessThanOrEqual(4);
    await world.settle();
    expect(await attempts()).toBe(before);
    await world.client.delete(pods, { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 });
    await world.settle();
    expect(await nodesOf(world, 'a', 'b')).toEqual(['n1', 'n1']);
  });

  it('keeps the room of a member that gave its node back, however the group fares', async () => {
    await world.addPod('low', '2');
    await world.addPod('fixed', '2', (pod) => withSpec(pod, { priority: 9 }));
    // Alone it is a group, and room is made for it; then it is told to wait for another one.
    await world.addPod('a', '2', member('g', 1, { priority: 9 }));
    expect((await world.pod('low')).metadata?.deletionTimestamp).toBeDefined();
    await world.client.patch(
      pods,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { metadata: { labels: { [minMemberKey]: '2' } } } },
    );
    await world.settle();
    await world.addPod('b', '2', member('g', 2, { priority: 9 }));
    await world.client.delete(pods, { namespace: 'default', name: 'low' }, { gracePeriodSeconds: 0 });
    await world.clock.advance(100);
    await world.settle();
    expect(await messageOf(world, 'a')).toMatch(/1 of 2 members fit/);
    await world.addPod('other', '2');
    expect(await world.nodeOf('other')).toBeUndefined();
  });

  it('tries a member again whose binding has failed', async () => {
    world.binder.failures.set('b', new StatusError('Conflict', 'somebody else wrote the pod'));
    for (const name of ['a', 'b']) await world.addPod(name, '1', member('g', 2));
    await world.clock.advance(1300);
    await world.settle();
    expect(await nodesOf(world, 'a', 'b')).toEqual(['n1', 'n1']);
  });
});

describe('a group of which a scheduler that died has bound a part', () => {
  const begin = (groupPods: readonly string[], bound: readonly string[]) =>
    beginScheduling(async (client) => {
      await client.create(nodes, makeNode('n1').allocatable({ cpu: '4' }).build());
      // Older than all members of the group, and of the same priority.
      await client.create(pods, makePod('a-single').requests('2', '1Mi').build());
      for (const name of groupPods) {
        const pod = member('g', groupPods.length)(makePod(name).requests('1', '1Mi').build());
        await client.create(pods, bound.includes(name) ? withSpec(pod, { nodeName: 'n1' }) : pod);
      }
    });

  it('is finished first when it starts again', async () => {
    const world = await begin(['w', 'x', 'y', 'z'], ['w', 'x']);
    await world.settle();
    expect(await nodesOf(world, 'y', 'z', 'a-single')).toEqual(['n1', 'n1', undefined]);
    await world.stop();
  });

  it('takes nothing more while the rest does not fit, and is finished once it does', async () => {
    const world = await begin(['v', 'w', 'x', 'y', 'z'], ['w', 'x']);
    await world.settle();
    expect(await nodesOf(world, 'v', 'y', 'z', 'a-single')).toEqual([undefined, undefined, undefined, 'n1']);
    expect(await messageOf(world, 'v')).toMatch(/^pod group default\/g: 2 of 5 members fit/);
    await world.addNode('n2', '4');
    await world.settle();
    expect((await nodesOf(world, 'v', 'y', 'z')).includes(undefined)).toBe(false);
    await world.stop();
  });
});
