import type { V1CustomResourceDefinition, V1Pod } from '../../libs/api/gen/types.ts';
import { customresourcedefinitions } from '../../libs/api/kinds/customresourcedefinition.ts';
import { podGroupLabel } from '../../libs/scheduling/gang.ts';
import { podgroups } from '../../libs/scheduling/pod-groups.ts';
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
const addGroup = async (world: SchedulerWorld, minMember: number) => {
  const metadata = { name: 'g', namespace: 'default' };
  await world.client.create(podgroups, {
    apiVersion: 'scheduling.x-k8s.io/v1alpha1',
    kind: 'PodGroup',
    metadata,
    spec: { minMember },
  });
  await world.settle();
};
const statusOf = async (world: SchedulerWorld) =>
  (await world.client.get(podgroups, { namespace: 'default', name: 'g' })).status;
const messageOf = async (world: SchedulerWorld, name: string) =>
  (await world.pod(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled')?.message;

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

  it('is a group no longer when the definition is removed', async () => {
    await install(world);
    for (const name of ['a', 'b']) await world.addPod(name, '1', member);
    expect(await world.nodeOf('a')).toBeUndefined();
    await world.client.delete(customresourcedefinitions, { name: definition.metadata!.name! });
    await world.settle();
    expect([await world.nodeOf('a'), await world.nodeOf('b')]).toEqual(['n1', 'n1']);
  });
});
