import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { jobs } from '../../api/kinds/job.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import type { Client } from '../../client/client.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { byController, controllerOf, controllerUidOf, refersTo } from '../../reconcile/ownership.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { isFinished, isTracked, trackingFinalizer } from './tracking.ts';

/** Lets a pod go whose end has been noted; undefined when it has gone already. */
export function letGo(client: Client, pod: V1Pod): Promise<V1Pod | undefined> {
  const { uid } = pod.metadata ?? {};
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  return unlessMissing(client.patch(pods, nameOf(pod), { type: 'strategic', body }));
}

/** Lets pods go that no job will count any more: theirs has ended, has gone, or is theirs no longer. */
export function newJobOrphanController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const podCache = informers.of(pods).addIndex(byController, controllerUidOf);
  const jobCache = informers.of(jobs);

  /** The job that still counts the pod, as the cache shows it. */
  const keeperOf = (pod: V1Pod): V1Job | undefined => {
    const reference = controllerOf(pod);
    if (!refersTo(jobs, reference)) return undefined;
    const job = jobCache.get(objectKey({ namespace: pod.metadata?.namespace, name: reference?.name ?? '' }));
    return job?.metadata?.uid === reference?.uid && job && !isFinished(job) ? job : undefined;
  };
  const isOrphan = (pod: V1Pod): boolean => {
    const reference = controllerOf(pod);
    if (!isTracked(pod) || (reference && !refersTo(jobs, reference))) return false;
    return keeperOf(pod) === undefined;
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const pod = podCache.get(key);
    if (!pod || !isOrphan(pod)) return {};
    const reference = controllerOf(pod);
    const at = { namespace: pod.metadata?.namespace, name: reference?.name ?? '' };
    const job = reference && (await unlessMissing(client.get(jobs, at)));
    const isKept = job?.metadata?.uid === reference?.uid && job && !isFinished(job);
    if (!isKept) await letGo(client, pod);
    return {};
  };

  const caches = [podCache, jobCache];
  const controller = new Controller(context, { name: 'job-orphans', caches, reconcile });
  const consider = (pod: V1Pod) => {
    if (isTracked(pod) && (jobCache.synced ? isOrphan(pod) : true)) controller.enqueue(objectKey(nameOf(pod)));
  };
  podCache.addHandler({ added: consider, updated: consider });
  const reconsider = (job: V1Job) => podCache.byIndex(byController, job.metadata?.uid ?? '').forEach(consider);
  jobCache.addHandler({
    deleted: reconsider,
    updated: (job, previous) => {
      if (isFinished(job) && !isFinished(previous)) reconsider(job);
    },
  });
  return controller;
}
