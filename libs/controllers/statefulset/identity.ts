import type { V1PersistentVolumeClaim, V1Pod, V1PodTemplateSpec, V1StatefulSet } from '../../api/gen/types.ts';
import { statefulsets } from '../../api/kinds/statefulset.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { revisionHashLabel } from '../../reconcile/revisions.ts';

export const podNameLabel = 'statefulset.kubernetes.io/pod-name';
export const podIndexLabel = 'apps.kubernetes.io/pod-index';

const nameOf = (set: V1StatefulSet): string => set.metadata?.name ?? '';

/** The pod's ordinal; -1 when its name is not of this set. */
export function ordinalOf(set: V1StatefulSet, pod: V1Pod): number {
  const name = pod.metadata?.name ?? '';
  const prefix = `${nameOf(set)}-`;
  const ordinal = name.startsWith(prefix) ? name.slice(prefix.length) : '';
  return /^\d+$/.test(ordinal) ? Number(ordinal) : -1;
}

/** Whether the set asks for a pod of this ordinal. */
export function isWanted({ spec }: V1StatefulSet, ordinal: number): boolean {
  const start = spec?.ordinals?.start ?? 0;
  return ordinal >= start && ordinal < start + (spec?.replicas ?? 1);
}

const claimName = (set: V1StatefulSet, template: V1PersistentVolumeClaim, ordinal: number) =>
  `${template.metadata?.name}-${nameOf(set)}-${ordinal}`;

/** The claims that keep the storage of one ordinal across its pods. */
export function claimsOf(set: V1StatefulSet, ordinal: number): V1PersistentVolumeClaim[] {
  return (set.spec?.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      ...template.metadata,
      name: claimName(set, template, ordinal),
      namespace: set.metadata?.namespace,
      labels: { ...template.metadata?.labels, ...set.spec?.selector.matchLabels },
    },
    spec: template.spec,
  }));
}

/** The pod of one ordinal, by the template of one revision. */
export function podOf(set: V1StatefulSet, ordinal: number, template: V1PodTemplateSpec, revision: string): V1Pod {
  const name = `${nameOf(set)}-${ordinal}`;
  const claimed = (set.spec?.volumeClaimTemplates ?? []).map((claim) => ({
    name: claim.metadata?.name ?? '',
    persistentVolumeClaim: { claimName: claimName(set, claim, ordinal) },
  }));
  const own = (template.spec?.volumes ?? []).filter((volume) => !claimed.some((other) => other.name === volume.name));
  const volumes = [...claimed, ...own];
  const identity = { [podNameLabel]: name, [podIndexLabel]: String(ordinal), [revisionHashLabel]: revision };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: set.metadata?.namespace,
      labels: { ...template.metadata?.labels, ...identity },
      ...(template.metadata?.annotations ? { annotations: { ...template.metadata.annotations } } : {}),
      ownerReferences: [controllerReference(statefulsets, set)],
    },
    spec: {
      containers: [],
      ...template.spec,
      hostname: name,
      ...(set.spec?.serviceName ? { subdomain: set.spec.serviceName } : {}),
      ...(volumes.length > 0 ? { volumes } : {}),
    },
  };
}
