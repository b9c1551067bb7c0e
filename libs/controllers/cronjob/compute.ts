import type { V1CronJob, V1CronJobStatus, V1Job, V1ObjectReference } from '../../api/gen/types.ts';
import { cronjobs } from '../../api/kinds/cronjob.ts';
import { rfc3339 } from '../../base/clock.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { type News, type Outcome, outcomeOf, referenceTo, scheduledAnnotation } from './active.ts';
import { nextTime, parseSchedule, type Schedule, zonedTime } from './schedule.ts';

/** Times that may be missed before people are told that something is wrong. */
const missedTimesMax = 100;

export interface Plan {
  create?: V1Job;
  remove: Array<{ name?: string; namespace?: string }>;
  status: V1CronJobStatus;
  news: News[];
  requeueAfterMs?: number;
}

const createdMs = (job: V1Job) => Date.parse(job.metadata?.creationTimestamp ?? '');

/** The most recent time that the schedule names since the last run, and how many there were. */
function dueTime(cronJob: V1CronJob, nowMs: number): { dueMs?: number; missed: number; nextMs: number | undefined } {
  const schedule = parseSchedule(cronJob.spec?.schedule ?? '');
  const { timeZone, startingDeadlineSeconds } = cronJob.spec ?? {};
  let fromMs = Date.parse(cronJob.status?.lastScheduleTime ?? cronJob.metadata?.creationTimestamp ?? '');
  if (startingDeadlineSeconds !== undefined) fromMs = Math.max(fromMs, nowMs - startingDeadlineSeconds * 1000);
  let dueMs: number | undefined;
  let missed = 0;
  let next = nextTime(schedule, fromMs, timeZone);
  while (next !== undefined && next <= nowMs) {
    const intervalMs = next - (dueMs ?? fromMs);
    dueMs = next;
    missed += 1;
    // After a long pause only the last time matters: go on shortly before now.
    const from = missed > missedTimesMax ? Math.max(next, nowMs - 2 * intervalMs) : next;
    next = nextTime(schedule, from, timeZone);
  }
  if (dueMs !== undefined && missed > missedTimesMax) dueMs = lastTime({ schedule, timeZone }, dueMs, nowMs);
  return { ...(dueMs === undefined ? {} : { dueMs }), missed, nextMs: next };
}

/** The last time up to now, where `knownMs` is one: intervals may be uneven, so the search goes back ever further. */
function lastTime(
  { schedule, timeZone }: { schedule: Schedule; timeZone: string | undefined },
  knownMs: number,
  nowMs: number,
): number {
  for (let windowMs = 60_000; ; windowMs *= 2) {
    const fromMs = Math.max(knownMs, nowMs - windowMs);
    let last: number | undefined;
    let next = nextTime(schedule, fromMs, timeZone);
    for (; next !== undefined && next <= nowMs; next = nextTime(schedule, next, timeZone)) last = next;
    if (last !== undefined) return last;
    if (fromMs === knownMs) return knownMs;
  }
}

/**
 * What to do next for a CronJob with the jobs that it owns, of which `active` are listed and run. A job that is to be
 * made is not in the status yet. @throws Error when the schedule or time zone is wrong.
 */
export function compute(
  cronJob: V1CronJob,
  jobs: readonly V1Job[],
  { active, nowMs }: { active: readonly V1ObjectReference[]; nowMs: number },
): Plan {
  const plan: Plan = { remove: surplus(cronJob, jobs), status: baseStatus(cronJob, jobs), news: [] };
  const { dueMs, missed, nextMs } = dueTime(cronJob, nowMs);
  if (nextMs !== undefined) plan.requeueAfterMs = nextMs - nowMs;
  let staying = active;
  if (!cronJob.spec?.suspend && !cronJob.metadata?.deletionTimestamp && dueMs !== undefined) {
    if (missed > missedTimesMax) {
      const message = `more than ${missedTimesMax} start times were missed; check clocks and the starting deadline`;
      plan.news.push({ type: 'Warning', reason: 'TooManyMissedTimes', message });
    }
    staying = start(cronJob, active, dueMs, plan);
  }
  if (staying.length > 0) plan.status.active = [...staying];
  return plan;
}

/** Plans the job of a time, if its policy lets it start; answers the running jobs that stay. */
function start(
  cronJob: V1CronJob,
  active: readonly V1ObjectReference[],
  dueMs: number,
  plan: Plan,
): readonly V1ObjectReference[] {
  const policy = cronJob.spec?.concurrencyPolicy ?? 'Allow';
  const job = jobOf(cronJob, dueMs);
  if (active.some(({ name }) => name === job.metadata?.name)) return active;
  if (policy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    plan.news.push({ type: 'Normal', reason: 'JobAlreadyActive', message });
    return active;
  }
  plan.create = job;
  plan.status.lastScheduleTime = rfc3339(dueMs);
  if (policy !== 'Replace') return active;
  plan.remove.push(...active);
  return [];
}

function baseStatus({ status = {} }: V1CronJob, jobs: readonly V1Job[]): V1CronJobStatus {
  const successes = jobs.filter((job) => outcomeOf(job) === 'Complete').map((job) => job.status?.completionTime ?? '');
  const lastSuccessfulTime = [status.lastSuccessfulTime ?? '', ...successes].sort().at(-1);
  return {
    ...(status.lastScheduleTime ? { lastScheduleTime: status.lastScheduleTime } : {}),
    ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
  };
}

/** Ended jobs beyond the history to keep, oldest first. */
function surplus(cronJob: V1CronJob, jobs: readonly V1Job[]): Plan['remove'] {
  const beyond = (as: Outcome, limit: number) => {
    const ended = jobs.filter((job) => outcomeOf(job) === as).sort((a, b) => createdMs(a) - createdMs(b));
    return ended.slice(0, Math.max(0, ended.length - limit)).map(referenceTo);
  };
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec ?? {};
  return [...beyond('Complete', successfulJobsHistoryLimit), ...beyond('Failed', failedJobsHistoryLimit)];
}

/** The job of one time. Its name holds the time, so that no time runs twice. */
function jobOf(cronJob: V1CronJob, dueMs: number): V1Job {
  const { metadata, spec } = cronJob.spec?.jobTemplate ?? {};
  const scheduled = zonedTime(dueMs, cronJob.spec?.timeZone);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${cronJob.metadata?.name}-${Math.floor(dueMs / 60_000)}`,
      namespace: cronJob.metadata?.namespace,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations, [scheduledAnnotation]: scheduled },
      ownerReferences: [controllerReference(cronjobs, cronJob)],
    },
    ...(spec ? { spec } : {}),
  };
}
