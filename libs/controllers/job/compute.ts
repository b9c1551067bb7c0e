import type { V1Job, V1JobCondition, V1JobStatus, V1Pod } from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';
import { isPodReady } from '../../reconcile/pods.ts';
import { judgeFailure } from './failure-policy.ts';
import { validIndexOf, writeIndexes } from './indexes.ts';
import { type NewPod, type NextPods, nextPods } from './next-pods.ts';
import { type Tally, tally } from './tally.ts';
import { conditionOf, hasFailed, isIndexed } from './tracking.ts';
import { completed, deadlineOf, judge, type Verdict } from './verdict.ts';

/** At most this many ended pods stand in a job's status at once, by their uids. */
export const uncountedPodsMax = 500;

export interface Plan {
  create: NewPod[];
  /** Pods to remove; their end is counted. */
  remove: V1Pod[];
  /** Pods to remove as if they had never been. */
  discard: V1Pod[];
  /** To be written before the pods are let go. */
  status: V1JobStatus;
  /** Pods whose end the status has noted: they need not be kept any longer. */
  release: V1Pod[];
  /** Told as an event when the job ends, is suspended or goes on. */
  news?: { type: 'Normal' | 'Warning'; reason: string; message: string };
  requeueAfterMs?: number;
}

/** What to do next for a job that has not ended. */
export function compute(job: V1Job, pods: readonly V1Pod[], nowMs: number): Plan {
  const counts = tally(job, pods);
  const resumed = !job.spec?.suspend && conditionOf(job, 'Suspended') !== undefined;
  const startTime = startOf(job, resumed, nowMs);
  const verdict = judge({ job, pods, counts, startTime, nowMs }) ?? completed(job, counts);
  if (verdict) return finish(job, counts, { verdict, startTime, nowMs });
  if (job.spec?.suspend) return suspend(job, counts, nowMs);
  const next = nextPods(job, pods, counts, nowMs);
  const { counted, release } = countEnded(job, counts, undefined);
  const notice = { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' };
  const conditions = resumed ? withCondition(job, notice, nowMs) : (job.status?.conditions ?? []);
  const deadlineMs = deadlineOf(job, startTime);
  const waits = [next.waitMs, deadlineMs === undefined ? undefined : deadlineMs - nowMs].filter(
    (ms) => ms !== undefined,
  );
  return {
    create: next.create,
    remove: [],
    discard: next.discard,
    release,
    status: statusOf(job, { ...counts, counted }, { startTime, conditions, next }),
    ...(resumed ? { news: { type: 'Normal', reason: 'Resumed', message: 'Job resumed' } } : {}),
    ...(waits.length > 0 ? { requeueAfterMs: Math.max(0, Math.min(...waits)) } : {}),
  };
}

/** Suspended jobs have not started; those that go on start anew. */
function startOf(job: V1Job, resumed: boolean, nowMs: number): string | undefined {
  if (job.spec?.suspend) return undefined;
  return resumed ? rfc3339(nowMs) : (job.status?.startTime ?? rfc3339(nowMs));
}

/** Notes the ends that nobody has noted yet; once a job is over everything that is left of it has ended. */
function countEnded(job: V1Job, counts: Tally, verdict: Verdict | undefined) {
  const { succeeded, failed } = counts.counted.uncounted;
  const uncounted = { succeeded: new Set(succeeded), failed: new Set(failed) };
  const delayed = new Set(verdict ? [] : counts.delayed.values());
  const release: V1Pod[] = [];
  for (const pod of counts.tracked) {
    const isDone = pod.status?.phase === 'Succeeded';
    const isFailure = !isDone && (hasFailed(pod, job) || verdict?.type === 'Failed');
    if (!isDone && !isFailure && !verdict) continue;
    if (delayed.has(pod)) continue;
    if (uncounted.succeeded.size + uncounted.failed.size >= uncountedPodsMax) break;
    const uid = pod.metadata?.uid ?? '';
    // An index that is done is counted by its number.
    if (isDone && !isIndexed(job) && !failed.has(uid)) uncounted.succeeded.add(uid);
    if (isFailure && countsAsFailure(job, pod)) uncounted.failed.add(uid);
    release.push(pod);
  }
  return { counted: { ...counts.counted, uncounted }, release };
}

function countsAsFailure(job: V1Job, pod: V1Pod): boolean {
  if (isIndexed(job) && validIndexOf(pod, job) === undefined) return false;
  return judgeFailure(job, pod).action !== 'Ignore';
}

interface Ending {
  verdict: Verdict;
  startTime: string | undefined;
  nowMs: number;
}

/** The pods that still run go first and are counted; the job has ended once none is left. */
function finish(job: V1Job, counts: Tally, { verdict, startTime, nowMs }: Ending): Plan {
  const { type, reason, message } = verdict;
  const announcement = type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const announced = withCondition(job, { type: announcement, status: 'True', reason, message }, nowMs);
  const { counted, release } = countEnded(job, counts, verdict);
  const left = counts.active.length + counts.terminating.length + counts.tracked.length;
  const { uncounted } = counted;
  const isOver = left + uncounted.succeeded.size + uncounted.failed.size === 0;
  const conditions = isOver ? [...announced, stamped({ type, status: 'True', reason, message }, nowMs)] : announced;
  const next = { create: [], discard: counts.active };
  const status = statusOf(job, { ...counts, counted }, { startTime, conditions, next });
  if (isOver && type === 'Complete') status.completionTime = rfc3339(nowMs);
  const news = {
    type: type === 'Complete' ? 'Normal' : 'Warning',
    reason: type === 'Complete' ? 'Completed' : reason,
    message: type === 'Complete' ? 'Job completed' : message,
  } as const;
  return { create: [], remove: counts.active, discard: [], release, status, ...(isOver ? { news } : {}) };
}

function suspend(job: V1Job, counts: Tally, nowMs: number): Plan {
  const suspended = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' };
  const isNew = conditionOf(job, 'Suspended') === undefined;
  const conditions = isNew ? withCondition(job, suspended, nowMs) : (job.status?.conditions ?? []);
  const { counted, release } = countEnded(job, counts, undefined);
  const next = { create: [], discard: counts.active };
  const status = statusOf(job, { ...counts, counted }, { startTime: undefined, conditions, next });
  const news = { type: 'Normal', reason: 'Suspended', message: 'Job suspended' } as const;
  return { create: [], remove: [], discard: counts.active, release, status, ...(isNew ? { news } : {}) };
}

/** The status as it is once the next pods have come and gone. */
function statusOf(
  job: V1Job,
  counts: Tally,
  more: { startTime: string | undefined; conditions: V1JobCondition[]; next: NextPods },
): V1JobStatus {
  const { create, discard } = more.next;
  const staying = counts.active.filter((pod) => !discard.includes(pod));
  const { succeeded, failed, uncounted } = counts.counted;
  const numbers = {
    active: staying.length + create.length,
    succeeded: isIndexed(job) ? counts.succeededIndexes.size : succeeded,
    failed,
  };
  const completedIndexes = isIndexed(job) ? writeIndexes(counts.succeededIndexes) : '';
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, count]) => count > 0)),
    ready: staying.filter(isPodReady).length,
    terminating: counts.terminating.length + discard.length,
    ...(completedIndexes ? { completedIndexes } : {}),
    ...(counts.failedIndexes ? { failedIndexes: writeIndexes(counts.failedIndexes) } : {}),
    ...(more.startTime ? { startTime: more.startTime } : {}),
    ...(more.conditions.length > 0 ? { conditions: more.conditions } : {}),
    uncountedTerminatedPods: {
      ...(uncounted.succeeded.size > 0 ? { succeeded: [...uncounted.succeeded] } : {}),
      ...(uncounted.failed.size > 0 ? { failed: [...uncounted.failed] } : {}),
    },
  };
}

function stamped(
  condition: Omit<V1JobCondition, 'lastProbeTime' | 'lastTransitionTime'>,
  nowMs: number,
): V1JobCondition {
  const now = rfc3339(nowMs);
  return { ...condition, lastProbeTime: now, lastTransitionTime: now };
}

function withCondition(job: V1Job, condition: Parameters<typeof stamped>[0], nowMs: number): V1JobCondition[] {
  const standing = job.status?.conditions ?? [];
  const before = standing.find(({ type }) => type === condition.type);
  if (before?.status === condition.status) return [...standing];
  return [...standing.filter(({ type }) => type !== condition.type), stamped(condition, nowMs)];
}
