import type { V1Pod } from '../api/gen/types.ts';
import { nameOf } from '../api/meta.ts';
import type { PodEvents, PodNews } from './pod-events.ts';
import type { Caller } from './requests.ts';
import type { StoredResource } from './stored-resource.ts';

/** A pod that has to make room for another one. */
export interface PodEviction {
  readonly pod: V1Pod;
  /** What people are told, and by which component. */
  readonly message: string;
  readonly reportedBy: string;
}

export interface EvictorParts {
  readonly pods: Pick<StoredResource, 'deleteAll'>;
  readonly events: PodEvents;
  /** Who deletes them. */
  readonly caller: Caller;
}

const preempted = { reason: 'Preempted', action: 'Preempting' } as const;

/**
 * Deletes the pods that the scheduler preempts and tells people why. Those that may go at once share transactions; those
 * with a grace period or finalizers are marked one by one.
 */
export class PodEvictor {
  constructor(private readonly parts: EvictorParts) {}

  /** Answers in the order asked, undefined for success. A pod of the same name that came later stays. */
  async evictAll(evictions: readonly PodEviction[]): Promise<Array<Error | undefined>> {
    const { pods, events, caller } = this.parts;
    const errors = await pods.deleteAll(
      evictions.map(({ pod }) => ({
        at: nameOf(pod),
        request: { ...caller, dryRun: false, preconditions: { uid: pod.metadata?.uid } },
      })),
    );
    const told: PodNews[] = [];
    evictions.forEach(({ pod, message, reportedBy }, at) => {
      if (errors[at] === undefined) told.push({ pod, ...preempted, message, reportedBy });
    });
    events.tell(told);
    return errors;
  }
}
