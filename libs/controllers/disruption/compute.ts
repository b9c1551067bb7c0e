import type { V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';
import { scaledValue } from '../../reconcile/percent.ts';
import { isPodReady } from '../../reconcile/pods.ts';

/** An eviction that was granted counts until its pod goes, but no longer than this. */
export const disruptedPodMs = 120_000;

export interface Snapshot {
  budget: V1PodDisruptionBudget;
  /** The pods that it selects. */
  pods: readonly V1Pod[];
  /** The sizes that the pods' controllers ask for, together; needed where the budget is a share. */
  expected: number;
}

/** How many of the pods may be evicted now, and when that changes by time alone. */
export function computeStatus(
  { budget, pods, expected }: Snapshot,
  nowMs: number,
): {
  status: V1PodDisruptionBudgetStatus;
  changesInMs?: number;
} {
  const { minAvailable, maxUnavailable } = budget.spec ?? {};
  const total = minAvailable !== undefined && typeof minAvailable === 'number' ? pods.length : expected;
  const desiredHealthy =
    maxUnavailable !== undefined
      ? Math.max(0, total - scaledValue(maxUnavailable, total, 'up'))
      : scaledValue(minAvailable ?? 1, total, 'up');
  const disrupted = Object.entries(budget.status?.disruptedPods ?? {}).filter(([name, time]) => {
    const pod = pods.find(({ metadata }) => metadata?.name === name);
    return pod && !pod.metadata?.deletionTimestamp && Date.parse(time) + disruptedPodMs > nowMs;
  });
  const gone = new Set(disrupted.map(([name]) => name));
  const healthy = pods.filter(
    (pod) => isPodReady(pod) && !pod.metadata?.deletionTimestamp && !gone.has(pod.metadata?.name ?? ''),
  );
  const disruptionsAllowed = total > 0 ? Math.max(0, healthy.length - desiredHealthy) : 0;
  const status: V1PodDisruptionBudgetStatus = {
    observedGeneration: budget.metadata?.generation ?? 0,
    disruptionsAllowed,
    currentHealthy: healthy.length,
    desiredHealthy,
    expectedPods: total,
    ...(disrupted.length > 0 ? { disruptedPods: Object.fromEntries(disrupted) } : {}),
    conditions: [allowed(budget, disruptionsAllowed, nowMs)],
  };
  const ends = disrupted.map(([, time]) => Date.parse(time) + disruptedPodMs - nowMs);
  return ends.length > 0 ? { status, changesInMs: Math.min(...ends) } : { status };
}

function allowed(budget: V1PodDisruptionBudget, count: number, nowMs: number) {
  const before = budget.status?.conditions?.find(({ type }) => type === 'DisruptionAllowed');
  const status = count > 0 ? 'True' : 'False';
  return {
    type: 'DisruptionAllowed',
    status,
    reason: count > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata?.generation ?? 0,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : rfc3339(nowMs),
  };
}
