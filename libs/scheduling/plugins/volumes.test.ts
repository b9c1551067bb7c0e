import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { clusterOf, withSpec } from '../../../test/support/placement.ts';
import { attached, claim, csiNode, podWithClaims, storageClass, volume } from '../../../test/support/volumes.ts';
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
      podWithClaims('p', 'c'),
      'n2',
    ],
    [
      'two volumes in two places leave no node',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { volumeName: 'w' })],
        volumes: [volume('v', 'b'), volume('w', 'a')],
      },
      podWithClaims('p', 'c', 'd'),
      "0/2 nodes are available: 2 node(s) didn't match PersistentVolume's node affinity.",
    ],
    [
      'a claim that does not exist is named',
      {},
      podWithClaims('p', 'c'),
      '0/2 nodes are available: persistentvolumeclaim "c" not found.',
    ],
    [
      'a bound volume that is gone',
      { claims: [claim('c', { volumeName: 'v' })] },
      podWithClaims('p', 'c'),
      '0/2 nodes are available: persistentvolume "v" not found.',
    ],
    [
      'a claim that somebody is to bind first',
      { claims: [claim('c')] },
      podWithClaims('p', 'c'),
      '0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
    ],
    [
      'a claim that waits for its pod finds a free volume where that can go',
      {
        claims: [waiting],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local', capacity: { storage: '5Gi' } })],
      },
      podWithClaims('p', 'c'),
      'n2',
    ],
    [
      'a volume that is too small is none',
      {
        claims: [waiting],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local', capacity: { storage: '1Gi' } })],
      },
      podWithClaims('p', 'c'),
      nobody,
    ],
    [
      'a volume of another claim is none',
      {
        claims: [waiting],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local', claimRef: { namespace: 'default', name: 'other' } })],
      },
      podWithClaims('p', 'c'),
      nobody,
    ],
    [
      'a volume that lacks an access mode is none',
      {
        claims: [claim('c', { storageClassName: 'local', accessModes: ['ReadWriteMany'] })],
        classes: [local],
        volumes: [volume('v', 'b', { storageClassName: 'local' })],
      },
      podWithClaims('p', 'c'),
      nobody,
    ],
    [
      'every claim says what it lacks',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { storageClassName: 'none' })],
        volumes: [volume('v', 'x')],
        classes: [storageClass('none', 'kubernetes.io/no-provisioner')],
      },
      podWithClaims('p', 'c', 'd'),
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
      podWithClaims('p', 'c'),
      'n2',
    ],
    [
      'a volume whose labels name a zone is used there',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [attached('v', { [zone]: 'b' })] },
      podWithClaims('p', 'c'),
      'n2',
    ],
    [
      'or in one of several zones',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [attached('v', { [zone]: 'x__b' })] },
      podWithClaims('p', 'c'),
      'n2',
    ],
    [
      'and nowhere else',
      { claims: [claim('c', { volumeName: 'v' })], volumes: [attached('v', { [zone]: 'x' })] },
      podWithClaims('p', 'c'),
      '0/2 nodes are available: 2 node(s) had no available volume zone.',
    ],
    [
      'a node attaches as many volumes as its driver can',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { volumeName: 'w' })],
        volumes: [attached('v'), attached('w')],
        csiNodes: [csiNode('n1', 1), csiNode('n2', 1)],
        running: [withSpec(podWithClaims('first', 'd'), { nodeName: 'n1' })],
      },
      podWithClaims('p', 'c'),
      'n2',
    ],
    [
      'and no more',
      {
        claims: [claim('c', { volumeName: 'v' }), claim('d', { volumeName: 'w' })],
        volumes: [attached('v'), attached('w')],
        csiNodes: [csiNode('n1', 1), csiNode('n2', 1)],
      },
      podWithClaims('p', 'c', 'd'),
      '0/2 nodes are available: 2 node(s) exceed max volume count.',
    ],
    [
      'but a volume that is attached already is not counted again',
      {
        claims: [claim('c', { volumeName: 'v' })],
        volumes: [attached('v')],
        csiNodes: [csiNode('n1', 1), csiNode('n2', 0)],
        running: [withSpec(podWithClaims('first', 'c'), { nodeName: 'n1' })],
      },
      podWithClaims('p', 'c'),
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
        running: [withSpec(podWithClaims('first', 'c'), { nodeName: 'n2' })],
      },
      podWithClaims('p', 'c'),
      '0/2 nodes are available: 2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod.',
    ],
  ])('%s', (_name, world, newcomer, expected) => {
    expect(answer(world, newcomer)).toBe(expected);
  });
});
