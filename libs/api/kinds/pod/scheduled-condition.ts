import type { V1PodCondition } from '../../gen/types.ts';

/** The condition that says whether a pod has its node. `since` is RFC 3339. What was never probed is null. */
export function scheduledCondition(
  status: 'True' | 'False',
  since: string | undefined,
  why: Pick<V1PodCondition, 'reason' | 'message'> = {},
): V1PodCondition {
  const lastProbeTime = null as unknown as undefined;
  return { type: 'PodScheduled', status, lastProbeTime, lastTransitionTime: since, ...why };
}
