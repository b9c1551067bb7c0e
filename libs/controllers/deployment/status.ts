import type { V1Deployment, V1DeploymentCondition, V1DeploymentStatus, V1ReplicaSet } from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';
import { availableOf, desiredOf, hasDeadline, rolloutLimits, sizeOf, sum } from './limits.ts';

export type Condition = Pick<V1DeploymentCondition, 'type' | 'status' | 'reason' | 'message'>;

export const conditionOf = (status: V1DeploymentStatus | undefined, type: string) =>
  status?.conditions?.find((condition) => condition.type === type);

/** The conditions with `wanted` in place; untouched when it stands there with the same status and reason. */
export function withCondition(
  conditions: readonly V1DeploymentCondition[],
  wanted: Condition,
  options: { nowMs: number; touch?: boolean },
): V1DeploymentCondition[] {
  const before = conditions.find((condition) => condition.type === wanted.type);
  const same = before?.status === wanted.status && before.reason === wanted.reason;
  if (before && same && !options.touch) return [...conditions];
  const now = rfc3339(options.nowMs);
  const lastTransitionTime = before?.status === wanted.status ? before.lastTransitionTime : now;
  const others = conditions.filter((condition) => condition.type !== wanted.type);
  return [...others, { ...wanted, lastUpdateTime: now, lastTransitionTime }];
}

export const withoutCondition = (conditions: readonly V1DeploymentCondition[], type: string) =>
  conditions.filter((condition) => condition.type !== type);

/** Counts and the condition Available; other conditions are carried over. */
export function countStatus(
  deployment: V1Deployment,
  all: readonly V1ReplicaSet[],
  newest: V1ReplicaSet | undefined,
  nowMs: number,
): V1DeploymentStatus {
  const available = sum(all, availableOf);
  const enough = available >= desiredOf(deployment) - rolloutLimits(deployment).maxUnavailable;
  const availability: Condition = enough
    ? condition('Available', 'True', 'MinimumReplicasAvailable', 'Enough replicas are available.')
    : condition('Available', 'False', 'MinimumReplicasUnavailable', 'Fewer replicas are available than the least.');
  const counts = {
    replicas: sum(all, (replicaSet) => replicaSet.status?.replicas ?? 0),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum(all, (replicaSet) => replicaSet.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, sum(all, sizeOf) - available),
    collisionCount: deployment.status?.collisionCount ?? 0,
  };
  return {
    observedGeneration: deployment.metadata?.generation ?? 0,
    // The API leaves out counts of nothing.
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)),
    terminatingReplicas: sum(all, (replicaSet) => replicaSet.status?.terminatingReplicas ?? 0),
    conditions: withCondition(deployment.status?.conditions ?? [], availability, { nowMs }),
  };
}

export function condition(type: string, status: string, reason: string, message: string): Condition {
  return { type, status, reason, message };
}

/** All desired replicas are new and available, and no old one is left. */
export function isComplete(deployment: V1Deployment, status: V1DeploymentStatus): boolean {
  const counts = [status.updatedReplicas, status.replicas, status.availableReplicas];
  return (
    counts.every((count) => (count ?? 0) === desiredOf(deployment)) &&
    (status.observedGeneration ?? 0) >= (deployment.metadata?.generation ?? 0)
  );
}

function hasProgressed(before: V1DeploymentStatus, after: V1DeploymentStatus): boolean {
  const oldOnes = (status: V1DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldOnes(after) < oldOnes(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** Milliseconds until the rollout has made no progress for too long; undefined when that is not being counted. */
export function msUntilDeadline(deployment: V1Deployment, status: V1DeploymentStatus, nowMs: number) {
  const progressing = conditionOf(status, 'Progressing');
  if (!hasDeadline(deployment) || !progressing) return undefined;
  if (['NewReplicaSetAvailable', 'ProgressDeadlineExceeded'].includes(progressing.reason ?? '')) return undefined;
  const since = Date.parse(progressing.lastUpdateTime ?? '');
  return since + (deployment.spec?.progressDeadlineSeconds ?? 0) * 1000 - nowMs;
}

/** The status with the condition Progressing as the rollout stands, and ReplicaFailure as the ReplicaSets say. */
export function rolloutStatus(
  deployment: V1Deployment,
  counted: V1DeploymentStatus,
  replicaSets: { all: readonly V1ReplicaSet[]; newest: V1ReplicaSet | undefined },
  nowMs: number,
): V1DeploymentStatus {
  const conditions = withProgress(deployment, counted, replicaSets.newest, nowMs);
  const failure = [replicaSets.newest, ...replicaSets.all]
    .flatMap((replicaSet) => replicaSet?.status?.conditions ?? [])
    .find((candidate) => candidate.type === 'ReplicaFailure');
  if (!failure) return { ...counted, conditions: withoutCondition(conditions, 'ReplicaFailure') };
  const { status, reason, message } = failure;
  return {
    ...counted,
    conditions: withCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, { nowMs }),
  };
}

function withProgress(
  deployment: V1Deployment,
  status: V1DeploymentStatus,
  newest: V1ReplicaSet | undefined,
  nowMs: number,
): V1DeploymentCondition[] {
  const conditions = status.conditions ?? [];
  if (!hasDeadline(deployment)) return withoutCondition(conditions, 'Progressing');
  const current = conditionOf(status, 'Progressing');
  const settled = status.replicas === status.updatedReplicas && current?.reason === 'NewReplicaSetAvailable';
  if (settled) return [...conditions];
  const who = newest ? `ReplicaSet "${newest.metadata?.name}"` : `Deployment "${deployment.metadata?.name}"`;
  if (isComplete(deployment, status)) {
    const done = condition('Progressing', 'True', 'NewReplicaSetAvailable', `${who} has successfully progressed.`);
    return withCondition(conditions, done, { nowMs });
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const going = condition('Progressing', 'True', 'ReplicaSetUpdated', `${who} is progressing.`);
    return withCondition(conditions, going, { nowMs, touch: true });
  }
  const leftMs = msUntilDeadline(deployment, status, nowMs);
  if (leftMs === undefined || leftMs >= 0) return [...conditions];
  const late = condition('Progressing', 'False', 'ProgressDeadlineExceeded', `${who} has timed out progressing.`);
  return withCondition(conditions, late, { nowMs });
}
