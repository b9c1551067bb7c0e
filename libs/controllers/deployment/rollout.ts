import type { V1Deployment, V1ReplicaSet } from '../../api/gen/types.ts';
import { availableOf, byAge, desiredOf, rolloutLimits, sizeOf, sum } from './limits.ts';

/** The sizes that ReplicaSets are to have, by name; one that is absent keeps its size. */
export type Sizes = Map<string, number>;

const nameOf = (replicaSet: V1ReplicaSet): string => replicaSet.metadata?.name ?? '';

/** The size that the newest ReplicaSet may have now, `others` being the size of all the others together. */
export function newReplicaSetSize(deployment: V1Deployment, current: number, others: number): number {
  const desired = desiredOf(deployment);
  if (deployment.spec?.strategy?.type === 'Recreate') return desired;
  const room = desired + rolloutLimits(deployment).maxSurge - others - current;
  if (room <= 0) return current;
  return Math.min(current + room, Math.max(current, desired));
}

/** One step of a rolling update: the new ReplicaSet grows first, and when it cannot, the old ones shrink. */
export function rollingStep(deployment: V1Deployment, newest: V1ReplicaSet, old: readonly V1ReplicaSet[]): Sizes {
  const desired = desiredOf(deployment);
  const current = sizeOf(newest);
  const target = current > desired ? desired : newReplicaSetSize(deployment, current, sum(old, sizeOf));
  if (target !== current) return new Map([[nameOf(newest), target]]);
  return shrinkOld(deployment, newest, old);
}

const isObserved = ({ metadata, status }: V1ReplicaSet): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);

/** Available pods that the ReplicaSet keeps at its size. */
const servingOf = (replicaSet: V1ReplicaSet): number => Math.min(availableOf(replicaSet), sizeOf(replicaSet));

function shrinkOld(deployment: V1Deployment, newest: V1ReplicaSet, old: readonly V1ReplicaSet[]): Sizes {
  const sizes: Sizes = new Map();
  const active = old.filter((replicaSet) => sizeOf(replicaSet) > 0).sort(byAge);
  // What a status says of an older size may be too good to be true; its event comes soon.
  if ([...active, newest].some((replicaSet) => !isObserved(replicaSet))) return sizes;
  const minAvailable = desiredOf(deployment) - rolloutLimits(deployment).maxUnavailable;
  const newUnavailable = sizeOf(newest) - servingOf(newest);
  // Sizes, not observed pods, bound the step: what was scaled down but has not gone yet is not counted twice.
  const maxScaledDown = sum(active, sizeOf) + sizeOf(newest) - minAvailable - newUnavailable;
  if (maxScaledDown <= 0) return sizes;
  let unhealthyBudget = maxScaledDown;
  for (const replicaSet of active) {
    // Pods that do not serve go first; ReplicaSets delete those that are not ready before others.
    const removable = Math.max(0, Math.min(unhealthyBudget, sizeOf(replicaSet) - servingOf(replicaSet)));
    if (removable > 0) sizes.set(nameOf(replicaSet), sizeOf(replicaSet) - removable);
    unhealthyBudget -= removable;
  }
  let budget = sum([...active, newest], servingOf) - minAvailable;
  for (const replicaSet of active) {
    const left = sizes.get(nameOf(replicaSet)) ?? sizeOf(replicaSet);
    // What is not available has been dealt with above and gives nothing to spend here.
    const removable = Math.max(0, Math.min(budget, left, servingOf(replicaSet)));
    if (removable > 0) sizes.set(nameOf(replicaSet), left - removable);
    budget -= removable;
  }
  return sizes;
}

/** One step of Recreate: all old pods go before the first new one comes. */
export function recreateStep(
  deployment: V1Deployment,
  newest: V1ReplicaSet | undefined,
  old: readonly V1ReplicaSet[],
): Sizes {
  const active = old.filter((replicaSet) => sizeOf(replicaSet) > 0);
  if (active.length > 0) return new Map(active.map((replicaSet) => [nameOf(replicaSet), 0]));
  if (!newest || sizeOf(newest) === desiredOf(deployment)) return new Map();
  return new Map([[nameOf(newest), desiredOf(deployment)]]);
}
