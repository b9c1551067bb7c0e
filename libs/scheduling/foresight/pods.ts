import type { V1OwnerReference, V1Pod } from '../../api/gen/types.ts';

export const uidOf = (pod: V1Pod): string => pod.metadata?.uid ?? '';

/** `default/web-1`. */
export const keyOfPod = ({ metadata }: V1Pod): string => `${metadata?.namespace ?? 'default'}/${metadata?.name}`;

export function controllerOf(object: {
  metadata?: { ownerReferences?: V1OwnerReference[] };
}): V1OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find(({ controller }) => controller);
}

export function hasEnded({ status }: V1Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export const isLeaving = ({ metadata }: V1Pod): boolean => metadata?.deletionTimestamp !== undefined;

/** Mirror pods stand for what a node runs by itself; nobody can move them. */
export function isMirror({ metadata }: V1Pod): boolean {
  return metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}

export const isDaemon = (pod: V1Pod): boolean => controllerOf(pod)?.kind === 'DaemonSet';

/** The same pod before anybody has placed it, under another identity. */
export function unplaced(pod: V1Pod, uid: string, name = pod.metadata?.name): V1Pod {
  const { nodeName: _, ...spec } = pod.spec ?? { containers: [] };
  const { deletionTimestamp: _1, creationTimestamp: _2, ...metadata } = pod.metadata ?? {};
  return { ...pod, metadata: { ...metadata, name, uid }, spec, status: { phase: 'Pending' } };
}

/** The pod that an owner makes when this one has gone; undefined when nobody owns it. */
export function replacementOf(pod: V1Pod): V1Pod | undefined {
  const owner = controllerOf(pod);
  if (owner === undefined || isMirror(pod)) return undefined;
  return unplaced(pod, `${uidOf(pod)}/again`);
}
