import type { V1Pod } from '../../api/gen/types.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { rfc3339 } from '../../base/clock.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { isPodTerminal, podCondition } from '../../reconcile/pods.ts';
import { unlessMissing } from '../../reconcile/retry.ts';

/** A pod that has been told to go for this long and has not been deleted stays. */
export const staleTargetMs = 120_000;

const conditionType = 'DisruptionTarget';

/** Takes back the condition DisruptionTarget from pods that were to go and did not. */
export function newStaleTargetController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const podCache = informers.of(pods);

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const pod = podCache.get(key);
    const leftMs = pod && msUntilStale(pod, clock.now());
    if (pod === undefined || leftMs === undefined) return {};
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { uid, resourceVersion } = pod.metadata ?? {};
    const condition = { type: conditionType, status: 'False', lastTransitionTime: rfc3339(clock.now()) };
    const conditions = (pod.status?.conditions ?? []).map((one) => (one.type === conditionType ? condition : one));
    const body = { metadata: { uid, resourceVersion }, status: { conditions } };
    await unlessMissing(client.patch(pods, nameOf(pod), { type: 'merge', body }, { subresource: 'status' }));
    return {};
  };

  const controller = new Controller(context, { name: 'stale-disruption-target', caches: [podCache], reconcile });
  const consider = (pod: V1Pod) => {
    // Whether it ever will be does not hang on the time.
    if (msUntilStale(pod, 0) !== undefined) controller.enqueue(objectKey(nameOf(pod)));
  };
  podCache.addHandler({ added: consider, updated: consider });
  return controller;
}

/** undefined for pods without the condition, and for those that do go. What a node's agent says is never stale. */
export function msUntilStale(pod: V1Pod, nowMs: number): number | undefined {
  const condition = podCondition(pod, conditionType);
  if (condition?.status !== 'True' || condition.reason === 'TerminationByKubelet') return undefined;
  if (pod.metadata?.deletionTimestamp || isPodTerminal(pod)) return undefined;
  return Math.max(0, Date.parse(condition.lastTransitionTime ?? '') + staleTargetMs - nowMs);
}
