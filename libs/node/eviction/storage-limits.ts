import type { V1Pod } from '../../api/gen/types.ts';
import { canonicalQuantity } from '../../api/quantity/quantity.ts';
import { storageLimitOf, unitsOf } from '../../pods/resources.ts';

const bytesPerKi = 1024;

/** Bytes that a pod has on the node's disk. */
export interface StorageUse {
  /** Of each emptyDir volume that has a limit, by name. */
  readonly volumes: ReadonlyMap<string, number>;
  /** Of each running container, by name: its log and what it has written beside its volumes. */
  readonly containers: ReadonlyMap<string, number>;
  /** Volumes, logs and containers together. */
  readonly totalBytes: number;
}

export interface LimitedVolume {
  name: string;
  /** As the pod writes it. */
  sizeLimit: string;
}

/**
 * The emptyDir volumes on disk that may only grow so far, which a limit of nothing does not say. Those in memory are
 * held to their limit by the kernel.
 */
export function limitedVolumes({ spec }: V1Pod): LimitedVolume[] {
  return (spec?.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const sizeLimit = emptyDir?.sizeLimit;
    return unitsOf(sizeLimit) > 0 && emptyDir?.medium !== 'Memory' ? [{ name, sizeLimit: String(sizeLimit) }] : [];
  });
}

/** Whether a pod says how much of the disk is too much for it. */
export function limitsStorage(pod: V1Pod): boolean {
  return limitedVolumes(pod).length > 0 || storageLimitOf(pod) !== undefined;
}

/** Why a pod must go that has outgrown a limit of its own; undefined when it has not. Source: kubelet's messages. */
export function outgrown(pod: V1Pod, use: StorageUse): string | undefined {
  for (const { name, sizeLimit } of limitedVolumes(pod)) {
    if ((use.volumes.get(name) ?? 0) <= unitsOf(sizeLimit)) continue;
    return `Usage of EmptyDir volume "${name}" exceeds the limit "${sizeLimit}". `;
  }
  const limitBytes = storageLimitOf(pod);
  if (limitBytes !== undefined && use.totalBytes > limitBytes) {
    return `Pod ephemeral local storage usage exceeds the total limit of containers ${sizeText(limitBytes)}. `;
  }
  const tooLarge = pod.spec?.containers.find(({ name, resources }) => {
    const limit = unitsOf(resources?.limits?.['ephemeral-storage']);
    return limit > 0 && (use.containers.get(name) ?? 0) > limit;
  });
  if (!tooLarge) return undefined;
  const limit = canonicalQuantity(tooLarge.resources?.limits?.['ephemeral-storage'] ?? '');
  return `Container ${tooLarge.name} exceeded its local ephemeral storage limit "${limit}". `;
}

/** Bytes as a quantity with the largest suffix that leaves nothing over: `3Mi`. */
function sizeText(bytes: number): string {
  return canonicalQuantity(bytes % bytesPerKi === 0 ? `${bytes / bytesPerKi}Ki` : bytes);
}
