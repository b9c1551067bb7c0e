import type { V1Deployment, V1ReplicaSet } from '../../api/gen/types.ts';
import { availableOf, byAge, desiredOf, rolloutLimits, sizeOf, sum } from './limits.ts';
import { countOf, desiredReplicasAnnotation, maxReplicasAnnotation } from './revision.ts';
import type { Sizes } from './rollout.ts';

const nameOf = (replicaSet: V1ReplicaSet): string => replicaSet.metadata?.name ?? '';
const active = (replicaSets: readonly V1ReplicaSet[]) => replicaSets.filter((replicaSet) => sizeOf(replicaSet) > 0);

/** Whether the desired number has changed since the ReplicaSets were last sized. */
export function isScalingEvent(deployment: V1Deployment, all: readonly V1ReplicaSet[]): boolean {
  return active(all).some((replicaSet) => {
    const desired = countOf(replicaSet, desiredReplicasAnnotation);
    return desired !== undefined && desired !== desiredOf(deployment);
  });
}

/** Sizes for a new desired number, in the middle of a rollout too: then every ReplicaSet keeps its share. */
export function scalingStep(
  deployment: V1Deployment,
  newest: V1ReplicaSet | undefined,
  old: readonly V1ReplicaSet[],
): Sizes {
  const all = newest ? [...old, newest] : [...old];
  const running = active(all);
  if (running.length <= 1) {
    const target = running[0] ?? newest ?? [...old].sort(byAge).at(-1);
    return target ? new Map([[nameOf(target), desiredOf(deployment)]]) : new Map();
  }
  if (newest && isSaturated(deployment, newest)) {
    return new Map(active(old).map((replicaSet) => [nameOf(replicaSet), 0]));
  }
  if (deployment.spec?.strategy?.type === 'Recreate') return new Map();
  return proportional(deployment, running);
}

function isSaturated(deployment: V1Deployment, replicaSet: V1ReplicaSet): boolean {
  const desired = desiredOf(deployment);
  const counts = [sizeOf(replicaSet), availableOf(replicaSet), countOf(replicaSet, desiredReplicasAnnotation)];
  return counts.every((count) => count === desired);
}

function proportional(deployment: V1Deployment, running: readonly V1ReplicaSet[]): Sizes {
  const desired = desiredOf(deployment);
  const allowed = desired > 0 ? desired + rolloutLimits(deployment).maxSurge : 0;
  const toAdd = allowed - sum(running, sizeOf);
  // The largest first; among equals newer ones grow first and older ones shrink first.
  const newerFirst = toAdd > 0 ? -1 : 1;
  const ordered = [...running].sort((a, b) => sizeOf(b) - sizeOf(a) || newerFirst * byAge(a, b));
  const sizes: Sizes = new Map();
  let added = 0;
  for (const replicaSet of ordered) {
    const share = toAdd === 0 ? 0 : shareOf(deployment, replicaSet, toAdd - added);
    sizes.set(nameOf(replicaSet), sizeOf(replicaSet) + share);
    added += share;
  }
  const first = ordered[0];
  if (first) sizes.set(nameOf(first), Math.max(0, (sizes.get(nameOf(first)) ?? 0) + toAdd - added));
  return sizes;
}

/** What one ReplicaSet gains or loses, never beyond the `left` that is still to be shared out. */
function shareOf(deployment: V1Deployment, replicaSet: V1ReplicaSet, left: number): number {
  const size = sizeOf(replicaSet);
  const desired = desiredOf(deployment);
  if (left === 0) return 0;
  const before = countOf(replicaSet, maxReplicasAnnotation) || (deployment.status?.replicas ?? 0);
  const after = desired + rolloutLimits(deployment).maxSurge;
  const fraction = desired === 0 ? -size : before === 0 ? 0 : Math.round((size * after) / before) - size;
  return left > 0 ? Math.min(fraction, left) : Math.max(fraction, left);
}
