import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { isPodTerminal } from '../../reconcile/pods.ts';

/** Keeps a pod until its job has counted its end. */
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';

/** Whether the end of the pod is still to be counted. */
export function isTracked({ metadata }: V1Pod): boolean {
  return metadata?.finalizers?.includes(trackingFinalizer) ?? false;
}

/** Whether a pod that is told to go still holds its place until it has ended. */
export function replacesOnlyEnded({ spec }: V1Job): boolean {
  return spec?.podReplacementPolicy === 'Failed' || spec?.podFailurePolicy !== undefined;
}

/** Whether the pod has failed, or counts as if it had because it is told to go. */
export function hasFailed(pod: V1Pod, job: V1Job): boolean {
  if (pod.status?.phase === 'Failed') return true;
  if (replacesOnlyEnded(job)) return false;
  return pod.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded';
}

export function isTerminating(pod: V1Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined && !isPodTerminal(pod);
}

export const isIndexed = ({ spec }: V1Job): boolean => spec?.completionMode === 'Indexed';

/** The condition that stands, or undefined. */
export const conditionOf = (job: V1Job, type: string) =>
  job.status?.conditions?.find((condition) => condition.type === type && condition.status === 'True');

export const isFinished = (job: V1Job): boolean =>
  conditionOf(job, 'Complete') !== undefined || conditionOf(job, 'Failed') !== undefined;
