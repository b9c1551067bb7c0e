import type { V1CustomResourceDefinition, V1Pod } from '../../libs/api/gen/types.ts';
import { customresourcedefinitions } from '../../libs/api/kinds/customresourcedefinition.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { podGroupLabel } from '../../libs/scheduling/gang.ts';
import { type PodGroup, podgroups } from '../../libs/scheduling/pod-groups.ts';
import type { FakeClient } from '../../test/support/fake-client.ts';
import type { FakeClock } from '../../test/support/fake-clock.ts';
import { makeNode } from '../../test/support/make-node.ts';
import { makePod } from '../../test/support/make-pod.ts';
import { withSpec } from '../../test/support/placement.ts';
import { beginScheduling, type SchedulerWorld } from '../../test/support/scheduler-world.ts';

const member = (pod: V1Pod): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, labels: { [podGroupLabel]: 'g' } },
});

const definition: V1CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'podgroups.scheduling.x-k8s.io' },
  spec: {
    group: podgroups.group,
    scope: 'Namespaced',
    names: { plural: podgroups.plural, kind: podgroups.kind },
    versions: [{ name: podgroups.version, served: true, storage: true }],
  },
  status: {
    acceptedNames: { plural: podgroups.plural, kind: podgroups.kind },
    conditions: [{ type: 'Established', status: 'True' }],
    storedVersions: [podgroups.version],
  },
};

const install = async (world: SchedulerWorld) => {
  await world.client.create(customresourcedefinitions, definition);
  await world.settle();
};
const group = (minMember: number): PodGroup => ({
  apiVersion: 'scheduling.x-k8s.io/v1alpha1',
  kind: 'PodGroup',
  metadata: { name: 'g', namespace: 'default' },
  spec: { minMember },
});
const addGroup = async (world: SchedulerWorld, minMember: number) => {
  await world.client.create(podgroups, group(minMember));
  await world.settle();
};
const statusOf = async (world: SchedulerWorld) =>
  (await world.client.get(podgroups, { namespace: 'default', name: 'g' })).status;
const messageOf = async (world: SchedulerWorld, name: string) =>
  (await world.pod(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;

const never = (signal?: AbortSignal) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(new Error('given up'))));

describe('a group with an object', () => {
  let world: SchedulerWorld;
  beforeEach(async () => {
    world = await beginScheduling();
    await world.addNode('n1', '4');
  });
  afterEach(() => world.stop());

  it('is no group while the cluster has no such objects', async () => {
    await world.addPod('a', '1', member);
    expect(await world.nodeOf('a')).toBe('n1');
  });

  it('waits for its object, then for as many members as that says, and says how far it has come', async () => {
    await install(world);
    for (const name of ['a', 'b']) await world.addPod(name, '1', member);
    expect(await messageOf(world, 'a')).toBe('pod group default/g does not exist');
    await addGroup(world, 3);
    expect(await messageOf(world, 'a')).toBe('pod group default/g waits for members: 2 of 3 exist');
    expect(await statusOf(world)).toEqual({ phase: 'Pending', scheduled: 0 });
    await world.addPod('c', '1', member);
    expect(await world.nodeOf('a')).toBe('n1');
    expect(await statusOf(world)).toEqual({ phase: 'Scheduled', scheduled: 3 });
  });

  it('is tried again when its object asks for fewer members', async () => {
    await install(world);
    await addGroup(world, 3);
    for (const name of ['a', 'b']) await world.addPod(name, '1', member);
    expect(await world.nodeOf('a')).toBeUndefined();
    const body = { spec: { minMember: 2 } };
    await world.client.patch(podgroups, { namespace: 'default', name: 'g' }, { type: 'merge', body });
    await world.settle();
    expect([await world.nodeOf('a'), await world.nodeOf('b')]).toEqual(['n1', 'n1']);
  });

  it('holds nothing while it does not fit', async () => {
    await install(world);
    await addGroup(world, 3);
    for (const name of ['a', 'b', 'c']) await world.addPod(name, '2', member);
    expect(await messageOf(world, 'a')).toBe(
      'pod group default/g: 2 of 3 members fit. 0/1 nodes are available: 1 Insufficient cpu.',
    );
    await world.addPod('single', '4');
    expect(await world.nodeOf('single')).toBe('n1');
  });

  it('is not tried again for what its status says', async () => {
    await install(world);
    await addGroup(world, 2);
    for (const name of ['a', 'b']) await world.addPod(name, '3', member);
    const attempts = async () => world.scheduler.explain(await world.pod('a')).lastDecision?.attempts;
    const before = await attempts();
    const status = { phase: 'Pending', scheduled: 1 };
    await world.client.patch(podgroups, { namespace: 'default', name: 'g' }, { type: 'merge', body: { status } });
    await world.settle();
    expect(await attempts()).toBe(before);
  });

  it('is a group no longer when the definition is removed', async () => {
    await install(world);
    for (const name of ['a', 'b']) await world.addPod(name, '1', member);
    expect(await world.nodeOf('a')).toBeUndefined();
    await world.client.delete(customresourcedefinitions, { name: definition.metadata!.name! });
    await world.settle();
    expect([await world.nodeOf('a'), await world.nodeOf('b')]).toEqual(['n1', 'n1']);
  });
});

describe('a scheduler that starts where groups have objects', () => {
  const fill = async (client: FakeClient, bound: readonly string[] = []) => {
    await client.create(nodes, makeNode('n1').allocatable({ cpu: '4' }).build());
    await client.create(customresourcedefinitions, definition);
    await client.create(podgroups, group(4));
    // Older than all members of the group, and of the same priority.
    await client.create(pods, makePod('a-single').requests('2', '1Mi').build());
    for (const name of ['w', 'x', 'y', 'z']) {
      const pod = member(makePod(name).requests('1', '1Mi').build());
      await client.create(pods, bound.includes(name) ? withSpec(pod, { nodeName: 'n1' }) : pod);
    }
  };

  it('finishes one of which a part is bound before all else', async () => {
    const world = await beginScheduling((client) => fill(client, ['w', 'x']));
    await world.settle();
    expect([await world.nodeOf('y'), await world.nodeOf('z'), await world.nodeOf('a-single')]).toEqual([
      'n1',
      'n1',
      undefined,
    ]);
    await world.stop();
  });

  it('refuses none before it knows their objects', async () => {
    const world = await beginScheduling((client) => fill(client));
    await world.settle();
    expect((await world.told()).filter((told) => told.includes('does not exist'))).toEqual([]);
    await world.stop();
  });

  it('places all other pods after a while when the objects cannot be listed', async () => {
    const clocks: FakeClock[] = [];
    const beginning = beginScheduling(async (client, clock) => {
      clocks.push(clock);
      await fill(client);
      const list = client.list.bind(client);
      client.list = ((resource, options) =>
        resource.plural === podgroups.plural ? never(options?.signal) : list(resource, options)) as typeof client.list;
    });
    await clocks[0]!.settle(60);
    await clocks[0]!.advance(11_000);
    const world = await beginning;
    await world.settle();
    expect(await world.nodeOf('a-single')).toBe('n1');
    await world.stop();
  });
});
