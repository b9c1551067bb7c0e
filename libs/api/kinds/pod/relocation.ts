import type { V1Pod } from '../../gen/types.ts';
import type { KubeObject } from '../../meta.ts';

/**
 * On a Deployment or ReplicaSet while one of its pods is being moved: it has one replica more than it should, and new
 * pods prefer the node where the replacement is wanted. Whoever finds it left over takes one replica off again.
 */
export const relocationAnnotation = 'scheduling.berth.dev/relocation';

/** The strongest preference that there is. */
const weightMax = 100;

export interface Relocation {
  /** Name and uid of the pod that is to go. */
  pod: string;
  uid: string;
  to: string;
  /** The size without the extra replica. */
  replicas: number;
}

/** What the annotation says; undefined when there is none that can be read. */
export function relocationOf({ metadata }: KubeObject): Relocation | undefined {
  const text = metadata?.annotations?.[relocationAnnotation];
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as Partial<Relocation> | null;
    const { pod, uid, to, replicas } = value ?? {};
    const isWhole = typeof pod === 'string' && typeof uid === 'string' && typeof to === 'string';
    return isWhole && Number.isInteger(replicas) ? { pod, uid, to, replicas: replicas! } : undefined;
  } catch {
    return undefined;
  }
}

/** The pod with a strong preference for one node. */
export function preferring(pod: V1Pod, nodeName: string): V1Pod {
  const affinity = pod.spec?.affinity;
  const preference = { matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [nodeName] }] };
  const own = affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const preferred = [...own, { weight: weightMax, preference }];
  const nodeAffinity = { ...affinity?.nodeAffinity, preferredDuringSchedulingIgnoredDuringExecution: preferred };
  return { ...pod, spec: { ...pod.spec!, affinity: { ...affinity, nodeAffinity } } };
}
