import type { V1CronJob, V1Job, V1ObjectReference } from '../../api/gen/types.ts';
import { apiVersionOf } from '../../api/meta.ts';

/** What people are told of a CronJob. */
export interface News {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

export type Outcome = 'Complete' | 'Failed';

/** How a job ended; undefined while it runs. */
export function outcomeOf(job: V1Job): Outcome | undefined {
  const ended = job.status?.conditions?.find(
    ({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  return ended?.type as Outcome | undefined;
}

/** How `status.active` names a job. */
export function referenceTo({ metadata }: V1Job): V1ObjectReference {
  const { name, namespace, uid, resourceVersion } = metadata ?? {};
  return {
    apiVersion: apiVersionOf({ group: 'batch', version: 'v1' }),
    kind: 'Job',
    name,
    namespace,
    uid,
    resourceVersion,
  };
}

/** `status.active` beside the jobs that there are. */
export interface Listing {
  /** Jobs that run and are listed. */
  active: V1ObjectReference[];
  /** Listed, and not among the jobs that are known. */
  lost: V1ObjectReference[];
  /** Running jobs of this CronJob that are not listed. */
  unlisted: V1Job[];
  news: News[];
}

/** Compares what a CronJob lists with its jobs. Source of the words: upstream's CronJob controller. */
export function compareActive(cronJob: V1CronJob, jobs: readonly V1Job[]): Listing {
  const byUid = new Map(jobs.map((job) => [job.metadata?.uid, job]));
  const listed = cronJob.status?.active ?? [];
  const uids = new Set(listed.map(({ uid }) => uid));
  const news = jobs.flatMap((job): News[] => {
    const outcome = outcomeOf(job);
    if (!outcome || !uids.has(job.metadata?.uid)) return [];
    const message = `Saw completed job: ${job.metadata?.name}, condition: ${outcome}`;
    return [{ type: 'Normal', reason: 'SawCompletedJob', message }];
  });
  return {
    active: listed.filter(({ uid }) => {
      const job = byUid.get(uid);
      return job && !outcomeOf(job);
    }),
    lost: listed.filter(({ uid }) => !byUid.has(uid)),
    unlisted: jobs.filter((job) => !outcomeOf(job) && !uids.has(job.metadata?.uid)),
    news,
  };
}

export const missingNews = ({ name }: V1ObjectReference): News => ({
  type: 'Normal',
  reason: 'MissingJob',
  message: `Active job went missing: ${name}`,
});

export const unexpectedNews = ({ metadata }: V1Job): News => ({
  type: 'Warning',
  reason: 'UnexpectedJob',
  message: `Saw a job that the controller did not create or forgot: ${metadata?.name}`,
});

/** Says on a job for which time the controller made it. */
export const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

/** Whether an unlisted job was made by the controller, which then could not write its list; people leave no time on theirs. */
export const isScheduled = (job: V1Job): boolean => job.metadata?.annotations?.[scheduledAnnotation] !== undefined;
