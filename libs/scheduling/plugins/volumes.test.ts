import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { clusterOf, withSpec } from '../../../test/support/placement.ts';
import type {
  V1CSINode,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../../api/gen/types.ts';
import { wakesOn } from '../plugin.ts';
import { SchedulerCore } from '../scheduler-core.ts';

const zone = 'topology.kubernetes.io/zone';
const nodes = [makeNode('n1').zone('a').build(), makeNode('n2').zone('b').build()];

const claim = (name: string, spec: V1PersistentVolumeClaim['spec'] = {}): V1PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...spec },
});
const volume = (name: string, inZone: string, spec: V1PersistentVolume['spec'] = {}): V1PersistentVolume => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name },
  spec: {
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '10Gi' },
    nodeAffinity: {
      required: { nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: [inZone] }] }] },
    },
    ...spec,
  },
});
const storageClass = (name: string, provisioner: string, more: Partial<V1StorageClass> = {}): V1StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
});
const image = 'registry.example/app:1';
const imageBytes = 900 * 2 ** 20;
const pod = (name: string, ...claims: string[]): V1Pod =>
  withSpec(makePod(name).requests('100m', '64Mi').build(), {
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  });

/** A volume that some driver attaches, in both zones. */
const attached = (name: string, labels: Record<string, string> = {}): V1PersistentVolume => ({
  ...volume(name, 'a', { nodeAffinity: undefined, csi: { driver: 'example.com/csi', volumeHandle: name } }),
  metadata: { name, labels },
});
const csiNode = (name: string, count: number): V1CSINode => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name },
  spec: { drivers: [{ name: 'example.com/csi', nodeID: name, allocatable: { count } }] },
});

interface World {
  csiNodes?: V1CSINode[];
  claims?: V1PersistentVolumeClaim[];
  volumes?: V1PersistentVolume[];
  classes?: V1StorageClass[];
  running?: V1Pod[];
}

function answer(
  { claims = [], volumes = [], classes = [], running = [], csiNodes = [] }: World,
  newcomer: V1Pod,
): string {
  const cluster = clusterOf(nodes, running);
  for (const each of claims) cluster.volumes.setClaim(`default/${each.metadata?.name}`, each);
  for (const each of volumes) cluster.volumes.setVolume(each.metadata?.name ?? '', each);
  for (const each of csiNodes) cluster.volumes.setNode(each.metadata?.name ?? '', each);
  for (const each of classes) cluster.volumes.setClass(each.metadata?.name ?? '', each);
  const decision = new SchedulerCore(cluster).decide(cluster.read(newcomer));
  if (decision.kind === 'node') return decision.nodeName;
  expect(decision.wakesOn & wakesOn.volumes).toBe(wakesOn.volumes);
  return decision.message;
}

const local = storageClass('local', 'kubernetes.io/no-provisioner');
const waiting = claim('c', { storageClassName: 'local' });
const nobody = "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.";

describe('volumes', () => {
  it.each<[string, World, V1Pod, string]>([
    [
      'a bound volume keeps its pod to the nodes that can use it',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [volume('v', 'b')] },
      pod('p', 'c'),
      'n2',
    ],
    [
      'two volumes in two places leave no node',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { volumeName: 'w' })],
        volumes: [volume('v', 'b'), volume('w', 'a')],
      },
      pod('p', 'c', 'd'),
      "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.",
    ],
    [
      'a claim that does not exist is named',
      {},
      pod('p', 'c'),
      '0/2 nodes are available: persistentvolumeclaim "c" not found.',
    ],
    [
      'a bound volume that is gone',
      { claims: [claim('c', { volumeName: 'v' })] },
      pod('p', 'c'),
      '0/2 nodes are available: persistentvolume "v" not found.',
    ],
    [
      'a claim that somebody is to bind first',
      { claims: [claim('c')] },
      pod('p', 'c'),
      '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
    ],
    [
      'a claim that waits for its pod finds a free volume where that can go',
      {
        claims: [waiting],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local', capacity: { storage: '5Gi' } })],
      },
      pod('p', 'c'),
      'n2',
    ],
    [
      'a volume that is too small is none',
      {
        claims: [waiting],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local', capacity: { storage: '1Gi' } })],
      },
      pod('p', 'c'),
      nobody,
    ],
    [
      'a volume of another claim is none',
      {
        claims: [waiting],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local', claimRef: { namespace: 'default', name: 'other' } })],
      },
      pod('p', 'c'),
      nobody,
    ],
    [
      'a volume that lacks an access mode is none',
      {
        claims: [claim('c', { storageClassName: 'local', accessModes: ['ReadWriteMany'] })],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local' })],
      },
      pod('p', 'c'),
      nobody,
    ],
    [
      'every claim says what it lacks',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { storageClassName: 'none' })],
        volumes: [volume('v', 'x')],
        classes: [storageClass('none', 'kubernetes.io/no-provisioner')],
      },
      pod('p', 'c', 'd'),
      "0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind, 2 node(s) didn't match PersistentVolume's node affinity.",
    ],
    [
      'a volume can be made where the class allows it',
      {
        claims: [claim('c', { storageClassName: 'made' })],
        classes: [
          storageClass('made', 'example.com/disk', {
            allowedTopologies: [{ matchLabelExpressions: [{ key: zone, values: ['b'] }] }],
          }),
        ],
      },
      pod('p', 'c'),
      'n2',
    ],
    [
      'a volume whose labels name a zone is used there',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [attached('v', { [zone]: 'b' })] },
      pod('p', 'c'),
      'n2',
    ],
    [
      'or in one of several zones',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [attached('v', { [zone]: 'x__b' })] },
      pod('p', 'c'),
      'n2',
    ],
    [
      'and nowhere else',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [attached('v', { [zone]: 'x' })] },
      pod('p', 'c'),
      '0/2 nodes are available: 2 node(s) had no available volume zone.',
    ],
    [
      'a node attaches as many volumes as its driver can',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { volumeName: 'w' })],
        volumes: [attached('v'), attached('w')],
        csiNodes: [csiNode('n1', 1), csiNode('n2', 1)],
        running: [withSpec(pod('first', 'd'), { nodeName: 'n1' })],
      },
      pod('p', 'c'),
      'n2',
    ],
    [
      'and no more',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { volumeName: 'w' })],
        volumes: [attached('v'), attached('w')],
        csiNodes: [csiNode('n1', 1), csiNode('n2', 1)],
      },
      pod('p', 'c', 'd'),
      '0/2 nodes are available: 2 node(s) exceed max volume count.',
    ],
    [
      'but a volume that is attached already is not counted again',
      {
        claims: [claim('c', { volumeName: 'v' })],
        volumes: [attached('v')],
        csiNodes: [csiNode('n1', 1), csiNode('n2', 0)],
        running: [withSpec(pod('first', 'c'), { nodeName: 'n1' })],
      },
      pod('p', 'c'),
      'n1',
    ],
    [
      'a claim that is still to be made for an ephemeral volume',
      {},
      withSpec(makePod('p').requests('100m', '64Mi').build(), { volumes: [{ name: 'tmp', ephemeral: {} }] }),
      '0/2 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "p-tmp".',
    ],
    [
      'a claim for one pod is not given to a second',
      {
        claims: [claim('c', { volumeName: 'v', accessModes: ['ReadWriteOncePod'] })],
        volumes: [volume('v', 'b')],
        running: [withSpec(pod('first', 'c'), { nodeName: 'n2' })],
      },
      pod('p', 'c'),
      '0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod.',
    ],
  ])('%s', (_name, world, newcomer, expected) => {
    expect(answer(world, newcomer)).toBe(expected);
  });
});

describe('a class of pods with volumes', () => {
  const begin = () => {
    const cluster = clusterOf(nodes, []);
    for (const name of ['c', 'd']) cluster.volumes.setClaim(`default/${name}`, claim(name, { volumeName: name }));
    for (const name of ['c', 'd']) cluster.volumes.setVolume(name, attached(name));
    return cluster;
  };

  it('sees all changes of what else its score rests on', () => {
    const cluster = begin();
    // As in a cluster that has lived for a while.
    for (let at = 0; at < 1000; at++) cluster.volumes.setClaim('default/d', claim('d'));
    const newcomer = pod('p', 'c');
    const wants = withSpec(newcomer, { containers: [{ ...newcomer.spec!.containers[0]!, image }] });
    const core = new SchedulerCore(cluster);
    const info = cluster.read(wants);
    const has = (name: string) => makeNode(name).zone('a').image(image, imageBytes).build();
    cluster.setNode(has('n1'));
    const before = core.decide(info);
    cluster.setNode(has('n3'));
    cluster.setNode(has('n4'));
    expect(core.decide(info)).not.toEqual(before);
    const chosen = core.views.of(info).choose(info.seed);
    expect(chosen).toEqual(new SchedulerCore(cluster).views.of(info).choose(info.seed));
    const n1 = cluster.table.slotOf('n1')!;
    const points = new Float32Array(16);
    core.views.of(info).pointsOf(n1, points, 0);
    const afresh = new Float32Array(16);
    const other = new SchedulerCore(cluster).views.of(info);
    other.choose(info.seed);
    other.pointsOf(n1, afresh, 0);
    expect(points).toEqual(afresh);
  });

  it('is judged anew when limits change, and not when they are said again', () => {
    const cluster = begin();
    const core = new SchedulerCore(cluster);
    const info = cluster.read(pod('p', 'c'));
    for (const { metadata } of nodes) cluster.volumes.setNode(metadata!.name!, csiNode(metadata!.name!, 1));
    const { version } = cluster.volumes;
    cluster.volumes.setNode('n1', csiNode('n1', 1));
    expect(cluster.volumes.version).toBe(version);
    expect(core.decide(info).kind).toBe('node');
    for (const { metadata } of nodes) cluster.volumes.setNode(metadata!.name!, csiNode(metadata!.name!, 0));
    expect(core.decide(info).kind).toBe('unschedulable');
    for (const { metadata } of nodes) cluster.volumes.setNode(metadata!.name!, undefined);
    expect(core.decide(info).kind).toBe('node');
  });

  it('is judged anew when a claim for one pod is taken, and when it is free again', () => {
    const cluster = begin();
    cluster.volumes.setClaim('default/c', claim('c', { volumeName: 'c', accessModes: ['ReadWriteOncePod'] }));
    const core = new SchedulerCore(cluster);
    const [first, second] = ['p', 'q'].map((name) => cluster.read(pod(name, 'c')));
    expect(core.decide(second!).kind).toBe('node');
    cluster.place(first!, 'n1');
    expect(core.decide(second!).kind).toBe('unschedulable');
    cluster.displace(first!.uid);
    expect(core.decide(second!).kind).toBe('node');
  });
});
