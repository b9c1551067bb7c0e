import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { isPodActive } from '../../reconcile/pods.ts';
import { endedMs } from './backoff.ts';
import { judgeFailure } from './failure-policy.ts';
import { failsIndex, failuresBefore, parseIndexes, validIndexOf } from './indexes.ts';
import { hasFailed, isIndexed, isTerminating, isTracked } from './tracking.ts';

/** Where a job stands: what its status has counted, and what its pods add to that. */
export interface Tally {
  active: V1Pod[];
  terminating: V1Pod[];
  /** Pods whose end is still to be counted. */
  tracked: V1Pod[];
  /** What the status has, once pods that were let go since are counted. */
  counted: Counted;
  succeeded: number;
  failed: number;
  succeededIndexes: Set<number>;
  /** Only where each index has failures of its own. */
  failedIndexes: Set<number> | undefined;
  /** Failed pods that are kept until their successor carries their failures on, by index. */
  delayed: Map<number, V1Pod>;
}

export interface Counted {
  succeeded: number;
  failed: number;
  /** Pods, by uid, that have ended and are about to be let go; they are counted once they are. */
  uncounted: { succeeded: Set<string>; failed: Set<string> };
}

const uidOf = ({ metadata }: V1Pod): string => metadata?.uid ?? '';

export function tally(job: V1Job, pods: readonly V1Pod[]): Tally {
  const tracked = pods.filter(isTracked);
  const counted = settle(job, new Set(tracked.map(uidOf)));
  const { succeeded, failed } = counted.uncounted;
  const fresh = tracked.filter((pod) => !isIndexed(job) || validIndexOf(pod, job) !== undefined);
  const done = fresh.filter((pod) => pod.status?.phase === 'Succeeded');
  const failures = fresh.filter((pod) => hasFailed(pod, job) && !failed.has(uidOf(pod)));
  const active = pods.filter(isPodActive);
  const succeededIndexes = parseIndexes(job.status?.completedIndexes);
  for (const pod of isIndexed(job) ? done : []) succeededIndexes.add(validIndexOf(pod, job) ?? 0);
  const newlyDone = done.filter((pod) => !succeeded.has(uidOf(pod))).length;
  const counting = failures.filter((pod) => judgeFailure(job, pod).action !== 'Ignore').length;
  const failedIndexes = failedIndexesOf(job, fresh);
  return {
    active,
    terminating: pods.filter(isTerminating),
    tracked,
    counted,
    succeeded: isIndexed(job) ? succeededIndexes.size : counted.succeeded + succeeded.size + newlyDone,
    failed: counted.failed + failed.size + counting,
    succeededIndexes,
    failedIndexes,
    delayed: failedIndexes ? delayedOf(job, fresh, { active, over: [succeededIndexes, failedIndexes] }) : new Map(),
  };
}

/** Counts those that were about to be let go, and have been. */
function settle({ status }: V1Job, trackedUids: ReadonlySet<string>): Counted {
  const { succeeded = [], failed = [] } = status?.uncountedTerminatedPods ?? {};
  const left = (uids: readonly string[]) => new Set(uids.filter((uid) => trackedUids.has(uid)));
  const uncounted = { succeeded: left(succeeded), failed: left(failed) };
  return {
    succeeded: (status?.succeeded ?? 0) + succeeded.length - uncounted.succeeded.size,
    failed: (status?.failed ?? 0) + failed.length - uncounted.failed.size,
    uncounted,
  };
}

function failedIndexesOf(job: V1Job, pods: readonly V1Pod[]): Set<number> | undefined {
  if (!isIndexed(job) || job.spec?.backoffLimitPerIndex === undefined) return undefined;
  const failed = parseIndexes(job.status?.failedIndexes);
  for (const pod of pods) if (failsIndex(job, pod)) failed.add(validIndexOf(pod, job) ?? 0);
  return failed;
}

/** The latest failed pod of each index that is to be tried again and has no successor yet. */
function delayedOf(
  job: V1Job,
  pods: readonly V1Pod[],
  { active, over }: { active: readonly V1Pod[]; over: ReadonlyArray<ReadonlySet<number>> },
): Map<number, V1Pod> {
  const running = new Set(active.map((pod) => validIndexOf(pod, job)));
  const delayed = new Map<number, V1Pod>();
  for (const pod of pods) {
    const index = validIndexOf(pod, job);
    if (index === undefined || !hasFailed(pod, job) || running.has(index)) continue;
    if (over.some((indexes) => indexes.has(index))) continue;
    const other = delayed.get(index);
    if (!other || isLater(pod, other)) delayed.set(index, pod);
  }
  return delayed;
}

function isLater(pod: V1Pod, other: V1Pod): boolean {
  const failures = (one: V1Pod) => failuresBefore(one).counted + failuresBefore(one).ignored;
  return failures(pod) >= failures(other) && endedMs(pod) >= endedMs(other);
}
