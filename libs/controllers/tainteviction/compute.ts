import type { V1Pod, V1Taint, V1Toleration } from '../../api/gen/types.ts';

export function tolerates(toleration: V1Toleration, taint: V1Taint): boolean {
  if (toleration.effect && toleration.effect !== taint.effect) return false;
  if (toleration.key && toleration.key !== taint.key) return false;
  if (!toleration.key && toleration.operator !== 'Exists') return false;
  return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
}

/** When the pod must leave its node because of NoExecute taints, in milliseconds since the epoch; undefined is never. */
export function evictionTime(pod: V1Pod, taints: readonly V1Taint[], nowMs: number): number | undefined {
  let earliest: number | undefined;
  for (const taint of taints) {
    if (taint.effect !== 'NoExecute') continue;
    const at = endOfToleration(pod, taint, nowMs);
    if (at !== undefined && (earliest === undefined || at < earliest)) earliest = at;
  }
  return earliest;
}

function endOfToleration(pod: V1Pod, taint: V1Taint, nowMs: number): number | undefined {
  const matching = (pod.spec?.tolerations ?? []).filter((toleration) => tolerates(toleration, taint));
  if (matching.length === 0) return nowMs;
  const limits = matching.map((toleration) => toleration.tolerationSeconds).filter((seconds) => seconds !== undefined);
  // One toleration without an end is enough only when there is no shorter one: the least time counts.
  if (limits.length === 0) return undefined;
  const since = Date.parse(taint.timeAdded ?? '');
  return (Number.isNaN(since) ? nowMs : since) + Math.max(0, Math.min(...limits)) * 1000;
}
