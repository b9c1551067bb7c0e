import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { judgeFailure } from './failure-policy.ts';
import { parseIndexes } from './indexes.ts';
import type { Tally } from './tally.ts';
import { conditionOf, hasFailed, isIndexed } from './tracking.ts';

/** How a job ends, and why. */
export interface Verdict {
  type: 'Complete' | 'Failed';
  reason: string;
  message: string;
}

interface Situation {
  job: V1Job;
  pods: readonly V1Pod[];
  counts: Tally;
  startTime: string | undefined;
  nowMs: number;
}

/** What was decided before stands; then what fails the job, then what a policy calls its success. */
export function judge(situation: Situation): Verdict | undefined {
  const { job } = situation;
  const met = conditionOf(job, 'SuccessCriteriaMet');
  if (met) return { type: 'Complete', reason: met.reason ?? '', message: met.message ?? '' };
  const target = conditionOf(job, 'FailureTarget');
  if (target) return failure(target.reason ?? '', target.message ?? '');
  return failureOf(situation) ?? indexFailureOf(situation) ?? policySuccessOf(situation);
}

/** Whether all that was asked for has succeeded and nothing runs any more. */
export function completed({ spec }: V1Job, { succeeded, active }: Tally): Verdict | undefined {
  const { completions } = spec ?? {};
  const enough = completions === undefined ? succeeded > 0 : succeeded >= completions;
  if (!enough || active.length > 0) return undefined;
  return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
}

function failure(reason: string, message: string): Verdict {
  return { type: 'Failed', reason, message };
}

function failureOf({ job, pods, counts, startTime, nowMs }: Situation): Verdict | undefined {
  for (const pod of job.spec?.podFailurePolicy ? pods : []) {
    const { message } = hasFailed(pod, job) ? judgeFailure(job, pod) : {};
    if (message !== undefined) return failure('PodFailurePolicy', message);
  }
  if (counts.failed > (job.spec?.backoffLimit ?? 6) || restartsTooOften(job, pods)) {
    return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
  }
  const deadlineMs = deadlineOf(job, startTime);
  if (deadlineMs === undefined || nowMs < deadlineMs) return undefined;
  return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
}

export function deadlineOf({ spec }: V1Job, startTime: string | undefined): number | undefined {
  const seconds = spec?.activeDeadlineSeconds;
  return seconds === undefined || !startTime ? undefined : Date.parse(startTime) + seconds * 1000;
}

/** Pods that start their containers again themselves never fail: their restarts count instead. */
function restartsTooOften({ spec }: V1Job, pods: readonly V1Pod[]): boolean {
  const { backoffLimit = 6, template } = spec ?? {};
  if (template?.spec?.restartPolicy !== 'OnFailure') return false;
  const restarts = pods
    .filter(({ status }) => status?.phase === 'Running' || status?.phase === 'Pending')
    .flatMap(({ status }) => [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])])
    .reduce((sum, { restartCount }) => sum + restartCount, 0);
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit;
}

function indexFailureOf({ job, counts }: Situation): Verdict | undefined {
  const failed = counts.failedIndexes?.size ?? 0;
  const { maxFailedIndexes, completions = 0 } = job.spec ?? {};
  if (maxFailedIndexes !== undefined && failed > maxFailedIndexes) {
    const message = 'Job has exceeded the specified maximal number of failed indexes';
    return failure('MaxFailedIndexesExceeded', message);
  }
  const allOver = failed > 0 && failed + counts.succeededIndexes.size >= completions;
  return allOver ? failure('FailedIndexes', 'Job has failed indexes') : undefined;
}

/** Whether enough of the indexes that matter have succeeded, though others may not have. */
function policySuccessOf({ job, counts: { succeededIndexes } }: Situation): Verdict | undefined {
  if (!isIndexed(job) || succeededIndexes.size === 0) return undefined;
  const rules = job.spec?.successPolicy?.rules ?? [];
  const index = rules.findIndex(({ succeededIndexes: listed, succeededCount }) => {
    const wanted = listed === undefined ? undefined : parseIndexes(listed);
    const found = [...succeededIndexes].filter((one) => wanted === undefined || wanted.has(one)).length;
    return found >= (succeededCount ?? wanted?.size ?? Number.POSITIVE_INFINITY);
  });
  if (index < 0) return undefined;
  return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${index}` };
}
