import type { V1PersistentVolume, V1PersistentVolumeSpec } from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';

/** Annotations that fields have taken the place of. */
const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'volume.beta.kubernetes.io/storage-class': 'storageClassName',
  'volume.beta.kubernetes.io/mount-options': 'mountOptions',
};

/** Kinds of volumes that nodes mount no more. */
const OLD_SOURCES = ['cephfs', 'photonPersistentDisk', 'scaleIO', 'storageos', 'glusterfs', 'rbd'] as const;

/** Labels of nodes that may be written under their new names. */
export const renamedNodeLabels: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** Advice about annotations of volumes and claims. */
export function annotationWarnings({ metadata }: KubeObject, annotations: readonly string[]): string[] {
  return annotations
    .filter((name) => metadata?.annotations?.[name] !== undefined)
    .map((name) => `metadata.annotations[${name}]: deprecated; use ${OLD_ANNOTATIONS[name]}`);
}

/** Advice about a label of nodes that has a new name. */
export function nodeLabelWarnings(label: string, place: string): string[] {
  const now = renamedNodeLabels[label];
  return now ? [`${place}: ${label} is deprecated; use ${now}`] : [];
}

function affinityWarnings({ nodeAffinity }: V1PersistentVolumeSpec): string[] {
  const terms = nodeAffinity?.required?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchExpressions = [] }, i) =>
    matchExpressions.flatMap(({ key }, j) =>
      nodeLabelWarnings(key, `spec.nodeAffinity.required.nodeSelectorTerms[${i}].matchExpressions[${j}].key`),
    ),
  );
}

/** Advice about what of a volume is of old times. */
export function volumeWarnings(volume: V1PersistentVolume): string[] {
  const { spec } = volume;
  if (!spec) return [];
  const recycled = spec.persistentVolumeReclaimPolicy === 'Recycle';
  return [
    ...annotationWarnings(volume, Object.keys(OLD_ANNOTATIONS)),
    ...(recycled
      ? ['spec.persistentVolumeReclaimPolicy: Recycle is deprecated; provision volumes as they are needed']
      : []),
    ...affinityWarnings(spec),
    ...OLD_SOURCES.filter((source) => spec[source]).map((source) => `spec.${source}: works no more`),
  ];
}
