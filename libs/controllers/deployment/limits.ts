import type { V1Deployment, V1ReplicaSet } from '../../api/gen/types.ts';

import { scaledValue } from '../../reconcile/percent.ts';

/** int32 maximum: the API's way to say 'no limit' for deadlines and history. */
export const unlimited = 2_147_483_647;

export const desiredOf = (deployment: V1Deployment): number => deployment.spec?.replicas ?? 1;
export const sizeOf = (replicaSet: V1ReplicaSet): number => replicaSet.spec?.replicas ?? 1;
export const availableOf = (replicaSet: V1ReplicaSet): number => replicaSet.status?.availableReplicas ?? 0;

export function sum<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((total, item) => total + count(item), 0);
}

export interface RolloutLimits {
  /** Pods above the desired number that may exist. */
  maxSurge: number;
  /** Pods below the desired number that may be unavailable. */
  maxUnavailable: number;
}

/** How far a rollout may stray from the desired number. Recreate strays by nothing. */
export function rolloutLimits(deployment: V1Deployment): RolloutLimits {
  const desired = desiredOf(deployment);
  const strategy = deployment.spec?.strategy;
  if (strategy?.type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const maxSurge = scaledValue(strategy?.rollingUpdate?.maxSurge ?? '25%', desired, 'up');
  const maxUnavailable = scaledValue(strategy?.rollingUpdate?.maxUnavailable ?? '25%', desired, 'down');
  // Both can round to nothing; a rollout that may do neither would never end.
  const atLeastOne = maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable;
  return { maxSurge, maxUnavailable: Math.min(atLeastOne, desired) };
}

export function hasDeadline(deployment: V1Deployment): boolean {
  const seconds = deployment.spec?.progressDeadlineSeconds;
  return seconds !== undefined && seconds !== unlimited;
}

/** Order: oldest first, then by name. */
export function byAge(one: V1ReplicaSet, other: V1ReplicaSet): number {
  const [a, b] = [one.metadata?.creationTimestamp ?? '', other.metadata?.creationTimestamp ?? ''];
  if (a !== b) return a < b ? -1 : 1;
  return (one.metadata?.name ?? '') < (other.metadata?.name ?? '') ? -1 : 1;
}
