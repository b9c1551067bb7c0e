import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { backoffMs } from '../../base/backoff.ts';
import { podCondition } from '../../reconcile/pods.ts';
import { failuresBefore } from './indexes.ts';
import { hasFailed } from './tracking.ts';

/** How long a failed pod's successor waits: 10 s, doubling with each failure. */
export const podBackoff = { initialMs: 10_000, maxMs: 600_000 };

/** When the pod ended: by its containers, by when it stopped being ready, or by when it was told to go. */
export function endedMs(pod: V1Pod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) =>
    Date.parse(state?.terminated?.finishedAt ?? ''),
  );
  if (ends.length > 0 && !ends.some(Number.isNaN)) return Math.max(...ends);
  const { creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds = 0 } = pod.metadata ?? {};
  const ready = podCondition(pod, 'Ready');
  const unreadyMs = ready?.status === 'False' ? Date.parse(ready.lastTransitionTime ?? '') : Number.NaN;
  if (!Number.isNaN(unreadyMs)) return unreadyMs;
  if (deletionTimestamp) return Date.parse(deletionTimestamp) - deletionGracePeriodSeconds * 1000;
  return Date.parse(creationTimestamp ?? '') || 0;
}

/** Milliseconds until a new pod may follow the last failure. A success since then clears the past. */
export function backoffLeft(job: V1Job, pods: readonly V1Pod[], nowMs: number): number {
  const succeeded = pods.filter((pod) => pod.status?.phase === 'Succeeded').map(endedMs);
  const lastSuccess = Math.max(0, ...succeeded);
  const failures = pods.filter((pod) => hasFailed(pod, job)).map(endedMs);
  const recent = failures.filter((at) => at > lastSuccess);
  if (recent.length === 0) return 0;
  return Math.max(0, Math.max(...recent) + backoffMs(podBackoff, recent.length) - nowMs);
}

/** The same for the successor of one index's failed pod. */
export function indexBackoffLeft(failed: V1Pod | undefined, nowMs: number): number {
  if (!failed) return 0;
  const { counted, ignored } = failuresBefore(failed);
  return Math.max(0, endedMs(failed) + backoffMs(podBackoff, counted + ignored + 1) - nowMs);
}
