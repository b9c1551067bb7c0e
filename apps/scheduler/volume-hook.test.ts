import type { V1PersistentVolume, V1PersistentVolumeClaim, V1StorageClass } from '../../libs/api/gen/types.ts';
import { persistentvolumes } from '../../libs/api/kinds/persistentvolume.ts';
import { persistentvolumeclaims } from '../../libs/api/kinds/persistentvolumeclaim.ts';
import { storageclasses } from '../../libs/api/kinds/storageclass.ts';
import { withSpec } from '../../test/support/placement.ts';
import { beginScheduling, type SchedulerWorld } from '../../test/support/scheduler-world.ts';

const makeClass = (world: SchedulerWorld, provisioner: string) =>
  world.client.create<V1StorageClass>(storageclasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'sc' },
    provisioner,
    volumeBindingMode: 'WaitForFirstConsumer',
  });
const makeClaim = (world: SchedulerWorld, name: string) =>
  world.client.create<V1PersistentVolumeClaim>(persistentvolumeclaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: {
      storageClassName: 'sc',
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
    },
  });
const makeVolume = (world: SchedulerWorld, name: string, storage: string) =>
  world.client.create<V1PersistentVolume>(persistentvolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name },
    spec: { storageClassName: 'sc', accessModes: ['ReadWriteOnce'], capacity: { storage } },
  });
const claimOf = (world: SchedulerWorld, name: string) =>
  world.client.get(persistentvolumeclaims, { namespace: 'default', name });
const addPodWith = (world: SchedulerWorld, name: string, claimName: string) =>
  world.addPod(name, '1', (pod) => withSpec(pod, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] }));

describe('claims that wait for their pod', () => {
  let world: SchedulerWorld;
  beforeEach(async () => {
    world = await beginScheduling();
    await world.addNode('n1', '4');
  });
  afterEach(() => world.stop());

  it('get the smallest volume that suits, and two claims never the same', async () => {
    await makeClass(world, 'kubernetes.io/no-provisioner');
    for (const [name, storage] of [
      ['large', '9Gi'],
      ['small', '1Gi'],
    ] as const)
      await makeVolume(world, name, storage);
    for (const name of ['a', 'b', 'c']) await makeClaim(world, name);
    await addPodWith(world, 'p', 'a');
    await addPodWith(world, 'q', 'b');
    await addPodWith(world, 'r', 'c');
    await world.settle();
    expect((await claimOf(world, 'a')).spec?.volumeName).toBe('small');
    expect((await claimOf(world, 'b')).spec?.volumeName).toBe('large');
    expect((await claimOf(world, 'b')).status?.phase).toBe('Bound');
    expect([await world.nodeOf('p'), await world.nodeOf('q'), await world.nodeOf('r')]).toEqual([
      'n1',
      'n1',
      undefined,
    ]);
    await makeVolume(world, 'late', '2Gi');
    await world.settle();
    expect(await world.nodeOf('r')).toBe('n1');
  });

  it('are told the node, and the pod is bound once the volume has been made', async () => {
    await makeClass(world, 'example.com/disk');
    await makeClaim(world, 'a');
    await addPodWith(world, 'p', 'a');
    expect((await claimOf(world, 'a')).metadata?.annotations).toEqual({ 'volume.kubernetes.io/selected-node': 'n1' });
    expect(await world.nodeOf('p')).toBeUndefined();
    await makeVolume(world, 'made', '1Gi');
    await world.client.patch(
      persistentvolumeclaims,
      { namespace: 'default', name: 'a' },
      { type: 'merge', body: { spec: { volumeName: 'made' } } },
    );
    await world.clock.advance(300);
    await world.settle();
    expect(await world.nodeOf('p')).toBe('n1');
  });

  it('give the node back when no volume is made in time', async () => {
    await makeClass(world, 'example.com/disk');
    await makeClaim(world, 'a');
    await addPodWith(world, 'p', 'a');
    await world.addPod('full', '4');
    expect(await world.nodeOf('full')).toBeUndefined();
    await world.client.delete(persistentvolumeclaims, { namespace: 'default', name: 'a' });
    await world.clock.advance(1000);
    await world.settle();
    expect(await world.nodeOf('full')).toBe('n1');
  });
});
