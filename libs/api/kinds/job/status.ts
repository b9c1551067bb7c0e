import type { V1Job } from '../../gen/types.ts';
import type { UpdateRule } from '../../validation/object.ts';
import type { Report } from '../../validation/report.ts';
import { counters } from '../../validation/workload.ts';
import { countIndexes } from './indexes.ts';

const counts = counters<NonNullable<V1Job['status']>>(['active', 'succeeded', 'failed', 'ready', 'terminating']);

function has(job: V1Job, type: string): boolean {
  return !!job.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True');
}

/** Pods that ended and are not counted yet: each by its uid, and once. */
function uncounted(job: V1Job, at: Report): void {
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const) {
    job.status?.uncountedTerminatedPods?.[list]?.forEach((uid, i) => {
      if (uid === '') at.invalid('must not be empty', 'uncountedTerminatedPods', list, i);
      else if (seen.has(uid)) at.duplicate(uid, 'uncountedTerminatedPods', list, i);
      seen.add(uid);
    });
  }
}

function exclusive(job: V1Job, at: Report, pairs: ReadonlyArray<readonly [string, string]>): void {
  for (const [a, b] of pairs) {
    if (has(job, a) && has(job, b)) at.invalid(`${a} and ${b} exclude each other`, 'conditions');
  }
}

/** A condition that comes after another. */
function needs(job: V1Job, previous: V1Job, at: Report, [condition, first]: readonly [string, string]): void {
  if (has(job, condition) && !has(previous, condition) && !has(job, first)) {
    at.invalid(`${condition} needs ${first}`, 'conditions');
  }
}

function completed(job: V1Job, previous: V1Job, at: Report): void {
  const { startTime, completionTime } = job.status ?? {};
  const isOther = completionTime !== previous.status?.completionTime;
  const ends = isOther || has(job, 'Complete') !== has(previous, 'Complete');
  if (ends && !has(job, 'Complete') && completionTime) at.invalid('needs the condition Complete', 'completionTime');
  if (ends && has(job, 'Complete') && !completionTime) at.required('', 'completionTime');
  const moved = isOther || startTime !== previous.status?.startTime;
  if (moved && startTime && completionTime && completionTime < startTime) {
    at.invalid('must not be before startTime', 'completionTime');
  }
}

const isFinished = (job: V1Job) => has(job, 'Complete') || has(job, 'Failed');

function finished(job: V1Job, at: Report): void {
  if (!isFinished(job)) return;
  const { active = 0, startTime, uncountedTerminatedPods: left } = job.status ?? {};
  if (active > 0) at.invalid('a finished job has no active pods', 'active');
  if (!startTime) at.required('', 'startTime');
  if (left?.failed?.length || left?.succeeded?.length) {
    at.invalid('must be empty in a finished job', 'uncountedTerminatedPods');
  }
}

function indexes(job: V1Job, at: Report): void {
  const { completedIndexes = '', failedIndexes } = job.status ?? {};
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
}

function pods(job: V1Job, at: Report): void {
  const { ready, active = 0, terminating = 0 } = job.status ?? {};
  if (terminating > 0 && isFinished(job)) at.invalid('a finished job has no terminating pods', 'terminating');
  if (ready !== undefined && ready > active) at.invalid('must be at most active', 'ready');
}

/** A job that ends by a policy has met it. */
function byPolicy(job: V1Job, at: Report): void {
  if (job.spec?.successPolicy && has(job, 'Complete') && !has(job, 'SuccessCriteriaMet')) {
    at.invalid('Complete needs SuccessCriteriaMet', 'conditions');
  }
}

const lasting = ['Failed', 'Complete', 'FailureTarget'];

/** What only ever grows, or stays once it is there. */
function since(job: V1Job, previous: V1Job, at: Report): void {
  for (const type of lasting) {
    if (has(previous, type) && !has(job, type)) at.invalid(`${type} cannot be taken back`, 'conditions');
  }
  for (const name of ['failed', 'succeeded'] as const) {
    if ((job.status?.[name] ?? 0) < (previous.status?.[name] ?? 0)) at.invalid('cannot decrease', name);
  }
  const [now, old] = [job.status?.completionTime, previous.status?.completionTime];
  if (now && old && now !== old) at.invalid('field is immutable', 'completionTime');
  const started = previous.status?.startTime;
  if (started && started !== job.status?.startTime && !job.spec?.suspend) at.invalid('field is immutable', 'startTime');
  const [met, wasMet] = [has(job, 'SuccessCriteriaMet'), has(previous, 'SuccessCriteriaMet')];
  if (wasMet && !met) at.invalid('SuccessCriteriaMet cannot be taken back', 'conditions');
  if (has(previous, 'Complete') && !wasMet && met) at.invalid('SuccessCriteriaMet comes first', 'conditions');
}

/** The checks in upstream's order: causes are told in it. */
export const jobStatus: UpdateRule<V1Job> = (job, previous, at) => {
  counts(job.status, at);
  at.enter('status');
  uncounted(job, at);
  exclusive(job, at, [
    ['Complete', 'Failed'],
    ['Complete', 'FailureTarget'],
  ]);
  completed(job, previous, at);
  needs(job, previous, at, ['Failed', 'FailureTarget']);
  needs(job, previous, at, ['Complete', 'SuccessCriteriaMet']);
  finished(job, at);
  indexes(job, at);
  pods(job, at);
  exclusive(job, at, [
    ['SuccessCriteriaMet', 'Failed'],
    ['SuccessCriteriaMet', 'FailureTarget'],
  ]);
  byPolicy(job, at);
  since(job, previous, at);
  at.leave();
};
