import type {
  V1CSINode,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../../libs/api/gen/types.ts';
import { makePod } from './make-pod.ts';
import { withSpec } from './placement.ts';

const zone = 'topology.kubernetes.io/zone';

/** A claim of 5 GiB in the namespace `default`. */
export const claim = (name: string, spec: V1PersistentVolumeClaim['spec'] = {}): V1PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name, namespace: 'default' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...spec },
});
/** A volume of 10 GiB that can be used in one zone. */
export const volume = (name: string, inZone: string, spec: V1PersistentVolume['spec'] = {}): V1PersistentVolume => ({
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
/** A class whose volumes wait for their pods. */
export const storageClass = (
  name: string,
  provisioner: string,
  more: Partial<V1StorageClass> = {},
): V1StorageClass => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name },
  provisioner,
  volumeBindingMode: 'WaitForFirstConsumer',
  ...more,
});
/** A pod that uses claims by their names. */
export const podWithClaims = (name: string, ...claims: string[]): V1Pod =>
  withSpec(makePod(name).requests('100m', '64Mi').build(), {
    volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })),
  });

/** A volume that some driver attaches, in both zones. */
export const attached = (name: string, labels: Record<string, string> = {}): V1PersistentVolume => ({
  ...volume(name, 'a', { nodeAffinity: undefined, csi: { driver: 'example.com/csi', volumeHandle: name } }),
  metadata: { name, labels },
});
/** What the driver of `attached` volumes can attach to a node. */
export const csiNode = (name: string, count: number): V1CSINode => ({
  apiVersion: 'storage.k8s.io/v1',
  kind: 'CSINode',
  metadata: { name },
  spec: { drivers: [{ name: 'example.com/csi', nodeID: name, allocatable: { count } }] },
});
