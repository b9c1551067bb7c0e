import type { V1Job, V1JobCondition, V1JobStatus, V1Pod } from '../../api/gen/types.ts';
import { backoffMs } from '../../base/backoff.ts';
import { rfc3339 } from '../../base/clock.ts';
import { isPodActive, isPodReady, isPodTerminal } from '../../reconcile/pods.ts';
import { judgeFailure } from './failure-policy.ts';
import { indexOf, parseIndexes, writeIndexes } from './indexes.ts';

/** How long a failed pod's successor waits: 10 s, doubling with each failure. */
export const podBackoff = { initialMs: 10_000, maxMs: 600_000 };

export interface Plan {
  /** Pods to make; each with its index when the job is Indexed. */
  create: Array<number | undefined>;
  remove: V1Pod[];
  status: V1JobStatus;
  /** Told as an event when the job ends, is suspended or goes on. */
  news?: { type: 'Normal' | 'Warning'; reason: string; message: string };
  requeueAfterMs?: number;
}

interface Verdict {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

interface Tally {
  active: V1Pod[];
  succeeded: number;
  failed: number;
  completed: Set<number>;
  failJob: V1Pod | undefined;
  terminating: number;
}

export const conditionOf = (job: V1Job, type: string) =>
  job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

export const isFinished = (job: V1Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined;

const isIndexed = (job: V1Job) => job.spec?.completionMode === 'Indexed';

/** Counts pods; what was counted before and is gone meanwhile stays counted. */
function tally(job: V1Job, pods: readonly V1Pod[]): Tally {
  const done = pods.filter((pod) => pod.status?.phase === 'Succeeded');
  const failures = pods.filter((pod) => pod.status?.phase === 'Failed');
  const verdicts = failures.map((pod) => ({ pod, verdict: judgeFailure(job, pod) }));
  const completed = parseIndexes(job.status?.completedIndexes);
  for (const pod of done) {
    const index = indexOf(pod);
    if (index !== undefined && index < (job.spec?.completions ?? 0)) completed.add(index);
  }
  const counted = verdicts.filter(({ verdict }) => verdict !== 'Ignore').length;
  return {
    active: pods.filter(isPodActive),
    succeeded: isIndexed(job) ? completed.size : Math.max(done.length, job.status?.succeeded ?? 0),
    failed: Math.max(counted, job.status?.failed ?? 0),
    completed,
    failJob: verdicts.find(({ verdict }) => verdict === 'FailJob')?.pod,
    terminating: pods.filter((pod) => pod.metadata?.deletionTimestamp && !isPodTerminal(pod)).length,
  };
}

/** What to do next for a job that has not ended. */
export function compute(job: V1Job, pods: readonly V1Pod[], nowMs: number): Plan {
  const counts = tally(job, pods);
  const startTime = job.spec?.suspend ? undefined : (job.status?.startTime ?? rfc3339(nowMs));
  const verdict = judge(job, counts, startTime, nowMs);
  if (verdict) return finish(job, counts, verdict, { startTime, nowMs });
  if (job.spec?.suspend) return suspend(job, counts, nowMs);
  const conditions = conditionOf(job, 'Suspended')
    ? withCondition(job, { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' }, nowMs)
    : (job.status?.conditions ?? []);
  const resumed = conditionOf(job, 'Suspended') !== undefined;
  const { create, remove, waitMs } = nextPods(job, pods, counts, nowMs);
  const deadlineMs = deadlineOf(job, startTime);
  const waits = [waitMs, deadlineMs === undefined ? undefined : deadlineMs - nowMs].filter(
    (wait) => wait !== undefined,
  );
  return {
    create,
    remove,
    status: statusOf(job, counts, { startTime, conditions }),
    ...(resumed ? { news: { type: 'Normal', reason: 'Resumed', message: 'Job resumed' } } : {}),
    ...(waits.length > 0 ? { requeueAfterMs: Math.max(0, Math.min(...waits)) } : {}),
  };
}

function deadlineOf(job: V1Job, startTime: string | undefined): number | undefined {
  const seconds = job.spec?.activeDeadlineSeconds;
  return seconds === undefined || !startTime ? undefined : Date.parse(startTime) + seconds * 1000;
}

function judge(job: V1Job, counts: Tally, startTime: string | undefined, nowMs: number): Verdict | undefined {
  const { completions, backoffLimit = 6, template } = job.spec ?? {};
  const deadlineMs = deadlineOf(job, startTime);
  const standing = conditionOf(job, 'FailureTarget');
  if (standing) return { type: 'Failed', reason: standing.reason ?? '', message: standing.message ?? '' };
  if (counts.failJob) {
    const message = `pod ${counts.failJob.metadata?.name} failed in a way that fails the job`;
    return { type: 'Failed', reason: 'PodFailurePolicy', message };
  }
  const restarts =
    template?.spec?.restartPolicy === 'OnFailure' ? counts.active.reduce((sum, pod) => sum + restartsOf(pod), 0) : 0;
  if (counts.failed > backoffLimit || (restarts > 0 && restarts >= backoffLimit && backoffLimit > 0)) {
    return { type: 'Failed', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  if (deadlineMs !== undefined && nowMs >= deadlineMs) {
    return { type: 'Failed', reason: 'DeadlineExceeded', message: 'Job was active longer than specified deadline' };
  }
  if (meetsSuccessPolicy(job, counts.completed)) {
    return { type: 'Complete', reason: 'SuccessPolicy', message: 'Matched a rule of the success policy' };
  }
  const complete =
    completions === undefined ? counts.succeeded > 0 && counts.active.length === 0 : counts.succeeded >= completions;
  return complete
    ? { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
    : undefined;
}

/** Whether enough of the indexes that matter have succeeded, though others may not have. */
function meetsSuccessPolicy(job: V1Job, completed: ReadonlySet<number>): boolean {
  return (job.spec?.successPolicy?.rules ?? []).some(({ succeededIndexes, succeededCount }) => {
    const wanted = succeededIndexes === undefined ? undefined : parseIndexes(succeededIndexes);
    const met = [...completed].filter((index) => wanted === undefined || wanted.has(index)).length;
    return met >= (succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY);
  });
}

const restartsOf = (pod: V1Pod): number =>
  [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])].reduce(
    (sum, { restartCount }) => sum + restartCount,
    0,
  );

/** The pods that still run go first; the job has ended once none is left. */
function finish(
  job: V1Job,
  counts: Tally,
  verdict: Verdict,
  at: { startTime: string | undefined; nowMs: number },
): Plan {
  const { type, reason, message } = verdict;
  const { startTime, nowMs } = at;
  const announced = withCondition(
    job,
    { type: type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', status: 'True', reason, message },
    nowMs,
  );
  const over = counts.active.length === 0 && counts.terminating === 0;
  const conditions = over ? [...announced, stamped({ type, status: 'True', reason, message }, nowMs)] : announced;
  const status = statusOf(job, { ...counts, active: [] }, { startTime, conditions });
  if (over && type === 'Complete') status.completionTime = rfc3339(nowMs);
  const news = {
    type: type === 'Complete' ? 'Normal' : 'Warning',
    reason: type === 'Complete' ? 'Completed' : reason,
    message: type === 'Complete' ? 'Job completed' : message,
  } as const;
  return { create: [], remove: counts.active, status, ...(over ? { news } : {}) };
}

function suspend(job: V1Job, counts: Tally, nowMs: number): Plan {
  const suspended = { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' };
  const isNew = conditionOf(job, 'Suspended') === undefined;
  const conditions = isNew ? withCondition(job, suspended, nowMs) : (job.status?.conditions ?? []);
  const status = statusOf(job, { ...counts, active: [] }, { startTime: undefined, conditions });
  const news = { type: 'Normal', reason: 'Suspended', message: 'Job suspended' } as const;
  return { create: [], remove: counts.active, status, ...(isNew ? { news } : {}) };
}

function nextPods(job: V1Job, pods: readonly V1Pod[], counts: Tally, nowMs: number) {
  const { parallelism = 1, completions } = job.spec ?? {};
  const left = completions === undefined ? parallelism : completions - counts.succeeded;
  const wanted = completions === undefined && counts.succeeded > 0 ? counts.active.length : Math.min(parallelism, left);
  const surplus = counts.active.length - wanted;
  if (surplus > 0) {
    const ranked = [...counts.active].sort((a, b) => Number(isPodReady(a)) - Number(isPodReady(b)));
    return { create: [], remove: ranked.slice(0, surplus) };
  }
  const replaceOnlyEnded = job.spec?.podReplacementPolicy === 'Failed';
  const missing = -surplus - (replaceOnlyEnded ? counts.terminating : 0);
  if (missing <= 0) return { create: [], remove: [] };
  const waitMs = backoffLeft(pods, nowMs);
  if (waitMs > 0) return { create: [], remove: [], waitMs };
  return {
    create: isIndexed(job) ? freeIndexes(job, counts, missing) : Array<undefined>(missing).fill(undefined),
    remove: [],
  };
}

function freeIndexes(job: V1Job, { active, completed }: Tally, count: number): number[] {
  const taken = new Set(active.map(indexOf));
  const free: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && free.length < count; index++) {
    if (!taken.has(index) && !completed.has(index)) free.push(index);
  }
  return free;
}

/** Milliseconds until a new pod may follow the last failure. A success since then clears the past. */
function backoffLeft(pods: readonly V1Pod[], nowMs: number): number {
  const ended = (pod: V1Pod) =>
    Math.max(
      0,
      ...(pod.status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? '') || 0),
    );
  const lastSuccess = Math.max(0, ...pods.filter((pod) => pod.status?.phase === 'Succeeded').map(ended));
  const failures = pods.filter((pod) => pod.status?.phase === 'Failed' && ended(pod) >= lastSuccess);
  if (failures.length === 0) return 0;
  const last = Math.max(...failures.map(ended));
  return last === 0 ? 0 : last + backoffMs(podBackoff, failures.length) - nowMs;
}

function statusOf(
  job: V1Job,
  counts: Tally,
  more: { startTime: string | undefined; conditions: V1JobCondition[] },
): V1JobStatus {
  const numbers = { active: counts.active.length, succeeded: counts.succeeded, failed: counts.failed };
  const completedIndexes = isIndexed(job) ? writeIndexes(counts.completed) : '';
  return {
    ...Object.fromEntries(Object.entries(numbers).filter(([, count]) => count > 0)),
    ready: counts.active.filter(isPodReady).length,
    terminating: counts.terminating,
    ...(completedIndexes ? { completedIndexes } : {}),
    ...(more.startTime ? { startTime: more.startTime } : {}),
    ...(more.conditions.length > 0 ? { conditions: more.conditions } : {}),
    uncountedTerminatedPods: {},
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
