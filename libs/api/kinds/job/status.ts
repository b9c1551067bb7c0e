import type { V1Job } from '../../gen/types.ts';
import type { UpdateRule } from '../../validation/object.ts';
import type { Report } from '../../validation/report.ts';
import { counters } from '../../validation/workload.ts';
import { countIndexes } from './indexes.ts';

const counts = counters<NonNullable<V1Job['status']>>(['active', 'succeeded', 'failed', 'ready', 'terminating']);

function has(job: V1Job, type: string): boolean {
  return !!job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True');
}

/** Conditions that cannot be true together. */
const EXCLUSIVE: ReadonlyArray<readonly [string, string]> = [
  ['Complete', 'Failed'],
  ['Complete', 'FailureTarget'],
  ['SuccessCriteriaMet', 'Failed'],
  ['SuccessCriteriaMet', 'FailureTarget'],
];

/** Conditions that come after another. */
const AFTER: ReadonlyArray<readonly [string, string]> = [
  ['Failed', 'FailureTarget'],
  ['Complete', 'SuccessCriteriaMet'],
];

function conditions(job: V1Job, previous: V1Job, at: Report): void {
  for (const [a, b] of EXCLUSIVE)
    if (has(job, a) && has(job, b)) at.invalid(`${a} and ${b} exclude each other`, 'conditions');
  for (const [a, b] of AFTER)
    if (has(job, a) && !has(previous, a) && !has(job, b)) at.invalid(`${a} needs ${b}`, 'conditions');
  for (const type of ['Failed', 'Complete', 'FailureTarget', 'SuccessCriteriaMet']) {
    if (has(previous, type) && !has(job, type)) at.invalid(`${type} cannot be taken back`, 'conditions');
  }
}

function finished(job: V1Job, at: Report): void {
  const status = job.status ?? {};
  if (!has(job, 'Complete') && status.completionTime) at.invalid('needs the condition Complete', 'completionTime');
  if (has(job, 'Complete') && !status.completionTime) at.required('', 'completionTime');
  if (status.startTime && status.completionTime && status.completionTime < status.startTime) {
    at.invalid('must not be before startTime', 'completionTime');
  }
  if (!has(job, 'Complete') && !has(job, 'Failed')) return;
  if ((status.active ?? 0) > 0) at.invalid('a finished job has no active pods', 'active');
  if (!status.startTime) at.required('', 'startTime');
  const uncounted = status.uncountedTerminatedPods;
  if (uncounted?.failed?.length || uncounted?.succeeded?.length) {
    at.invalid('must be empty in a finished job', 'uncountedTerminatedPods');
  }
  if ((status.terminating ?? 0) > 0) at.invalid('a finished job has no terminating pods', 'terminating');
}

function indexes(job: V1Job, at: Report): void {
  const { completedIndexes = '', failedIndexes, ready = 0, active = 0 } = job.status ?? {};
  const limit = job.spec?.completions;
  if (limit !== undefined && countIndexes(completedIndexes, limit) === undefined)
    at.invalid('are no indexes', 'completedIndexes');
  if (limit !== undefined && failedIndexes !== undefined && countIndexes(failedIndexes, limit) === undefined) {
    at.invalid('are no indexes', 'failedIndexes');
  }
  if (completedIndexes && job.spec?.completionMode !== 'Indexed')
    at.invalid('needs Indexed completion', 'completedIndexes');
  if (failedIndexes !== undefined && job.spec?.backoffLimitPerIndex === undefined) {
    at.invalid('needs backoffLimitPerIndex', 'failedIndexes');
  }
  if (ready > active) at.invalid('must be at most active', 'ready');
}

function counting(job: V1Job, previous: V1Job, at: Report): void {
  for (const name of ['failed', 'succeeded'] as const) {
    if ((job.status?.[name] ?? 0) < (previous.status?.[name] ?? 0)) at.invalid('cannot decrease', name);
  }
  const [now, old] = [job.status?.completionTime, previous.status?.completionTime];
  if (now && old && now !== old) at.invalid('field is immutable', 'completionTime');
  const started = previous.status?.startTime;
  if (started && started !== job.status?.startTime && !job.spec?.suspend) at.invalid('field is immutable', 'startTime');
}

export const jobStatus: UpdateRule<V1Job> = (job, previous, at) => {
  counts(job.status, at);
  at.enter('status');
  conditions(job, previous, at);
  finished(job, at);
  indexes(job, at);
  counting(job, previous, at);
  at.leave();
};
