import type { V1Condition, V1Pod, V1PodDisruptionBudget, V1PodDisruptionBudgetStatus } from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';
import { scaledValue } from '../../reconcile/percent.ts';
import { isPodReady } from '../../reconcile/pods.ts';

/** An eviction that was granted counts until its pod goes, but no longer than this. */
export const disruptedPodMs = 120_000;

export interface Snapshot {
  budget: V1PodDisruptionBudget;
  /** The pods that it selects. */
  pods: readonly V1Pod[];
  /** The sizes that the pods' controllers ask for, together; needed unless a number of available pods is asked for. */
  expected: number;
}

export interface Computed {
  status: V1PodDisruptionBudgetStatus;
  /** When the status changes by time alone. */
  changesInMs?: number;
  /** Pods that should have gone long ago by a granted eviction, and have not. */
  remaining: readonly V1Pod[];
}

/** Whether the budget is counted by what controllers ask for rather than by the pods there are. */
export function needsSizes({ spec }: V1PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';
}

/** How many of the pods may be evicted now. */
export function computeStatus({ budget, pods, expected }: Snapshot, nowMs: number): Computed {
  const { total, desiredHealthy } = goals(budget, pods.length, expected);
  const deadlines = Object.entries(budget.status?.disruptedPods ?? {}).flatMap(([name, time]) => {
    const pod = pods.find(({ metadata }) => metadata?.name === name);
    if (!pod || pod.metadata?.deletionTimestamp) return [];
    return [{ name, time, pod, endMs: Date.parse(time) + disruptedPodMs }];
  });
  const disrupted = deadlines.filter(({ endMs }) => endMs > nowMs);
  const going = new Set(disrupted.map(({ name }) => name));
  const healthy = pods.filter(
    (pod) => isPodReady(pod) && !pod.metadata?.deletionTimestamp && !going.has(pod.metadata?.name ?? ''),
  );
  const disruptionsAllowed = total > 0 ? Math.max(0, healthy.length - desiredHealthy) : 0;
  const condition = {
    status: disruptionsAllowed > 0 ? 'True' : 'False',
    reason: disruptionsAllowed > 0 ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: budget.metadata?.generation ?? 0,
  };
  const status: V1PodDisruptionBudgetStatus = {
    observedGeneration: budget.metadata?.generation ?? 0,
    disruptionsAllowed,
    currentHealthy: healthy.length,
    desiredHealthy,
    expectedPods: total,
    ...(disrupted.length > 0
      ? { disruptedPods: Object.fromEntries(disrupted.map(({ name, time }) => [name, time])) }
      : {}),
    conditions: withCondition(budget, condition, nowMs),
  };
  const remaining = deadlines.filter(({ endMs }) => endMs <= nowMs).map(({ pod }) => pod);
  if (disrupted.length === 0) return { status, remaining };
  return { status, remaining, changesInMs: Math.min(...disrupted.map(({ endMs }) => endMs - nowMs)) };
}

/** Of how many pods how many must be healthy. A budget that asks for nothing lets nothing go. */
function goals({ spec }: V1PodDisruptionBudget, count: number, expected: number) {
  const { minAvailable, maxUnavailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const desiredHealthy = Math.max(0, expected - scaledValue(maxUnavailable, expected, 'up'));
    return { total: expected, desiredHealthy };
  }
  if (typeof minAvailable === 'number') return { total: count, desiredHealthy: minAvailable };
  if (minAvailable === undefined) return { total: 0, desiredHealthy: 0 };
  return { total: expected, desiredHealthy: scaledValue(minAvailable, expected, 'up') };
}

/** When nothing can be counted nothing may go. */
export function failedStatus(budget: V1PodDisruptionBudget, message: string, nowMs: number) {
  const { status } = budget;
  const observedGeneration = status?.observedGeneration ?? 0;
  const condition = { status: 'False', reason: 'SyncFailed', message, observedGeneration };
  const numbers = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...status };
  return { ...numbers, disruptionsAllowed: 0, conditions: withCondition(budget, condition, nowMs) };
}

function withCondition(
  { status }: V1PodDisruptionBudget,
  condition: Pick<V1Condition, 'status' | 'reason' | 'message' | 'observedGeneration'>,
  nowMs: number,
): V1Condition[] {
  const type = 'DisruptionAllowed';
  const before = status?.conditions?.find((one) => one.type === type);
  const unchanged = before?.status === condition.status;
  const lastTransitionTime = unchanged ? before.lastTransitionTime : rfc3339(nowMs);
  return [...(status?.conditions ?? []).filter((one) => one.type !== type), { type, ...condition, lastTransitionTime }];
}
