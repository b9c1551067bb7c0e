import type { V1Pod, V1Volume } from '../../api/gen/types.ts';
import { unitsOf } from '../../pods/resources.ts';

/** Bytes that a pod has on the node's disk. */
export interface StorageUse {
  /** Of each emptyDir volume that is on disk, by name. */
  readonly volumes: ReadonlyMap<string, number>;
  /** Volumes and logs together. */
  readonly totalBytes: number;
}

const resource = 'ephemeral-storage';

/** The emptyDir volumes on disk that may only grow so far. Those in memory are held to their limit by the kernel. */
export function limitedVolumes({ spec }: V1Pod): V1Volume[] {
  return (spec?.volumes ?? []).filter(({ emptyDir }) => emptyDir?.sizeLimit && emptyDir.medium !== 'Memory');
}

/** What all containers together may write, where each of them says so; otherwise nothing is too much. */
function totalLimit({ spec }: V1Pod): number {
  const limits = (spec?.containers ?? []).map(({ resources }) => unitsOf(resources?.limits?.[resource]));
  return limits.includes(0) ? 0 : limits.reduce((sum, bytes) => sum + bytes, 0);
}

/** Whether a pod says how much of the disk is too much for it. */
export function limitsStorage(pod: V1Pod): boolean {
  return limitedVolumes(pod).length > 0 || totalLimit(pod) > 0;
}

/** Why a pod must go that has outgrown a limit of its own; undefined when it has not. Source: kubelet's messages. */
export function outgrown(pod: V1Pod, use: StorageUse): string | undefined {
  for (const { name, emptyDir } of limitedVolumes(pod)) {
    const limit = emptyDir?.sizeLimit;
    if ((use.volumes.get(name) ?? 0) <= unitsOf(limit)) continue;
    return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `;
  }
  const limitBytes = totalLimit(pod);
  if (limitBytes === 0 || use.totalBytes <= limitBytes) return undefined;
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${limitBytes}. `;
}
