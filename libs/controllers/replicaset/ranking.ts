import type { V1Pod } from '../../api/gen/types.ts';
import { isPodReady, podCondition } from '../../reconcile/pods.ts';

const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const phaseOrder: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

interface Ranked {
  pod: V1Pod;
  /** Smaller goes first, compared from left to right. */
  rank: Array<number | string>;
}

/** A time as whole powers of two of its age in seconds: pods of about the same age are equal. 0 is the youngest. */
function ageClass(timestamp: string | undefined, nowMs: number): number {
  const ageSeconds = (nowMs - Date.parse(timestamp ?? '')) / 1000;
  return ageSeconds > 0 ? Math.floor(Math.log2(ageSeconds)) : 0;
}

function deletionCost(pod: V1Pod): number {
  const cost = Number(pod.metadata?.annotations?.[deletionCostAnnotation] ?? 0);
  return Number.isSafeInteger(cost) ? cost : 0;
}

function restarts(pod: V1Pod): number {
  return Math.max(0, ...(pod.status?.containerStatuses ?? []).map((container) => container.restartCount));
}

/**
 * The `count` pods to delete first: not placed before placed, pending before running, not ready before ready, cheap
 * before dear (the annotation pod-deletion-cost), many on one node before few, ready for a short time before long,
 * many restarts before few, young before old, and else by uid. `related` are the pods that count as neighbours.
 */
export function podsToDelete(
  active: readonly V1Pod[],
  related: readonly V1Pod[],
  count: number,
  nowMs: number,
): V1Pod[] {
  if (count >= active.length) return [...active];
  const neighbours = new Map<string, number>();
  for (const pod of related) {
    const node = pod.spec?.nodeName;
    if (node && isPodReady(pod)) neighbours.set(node, (neighbours.get(node) ?? 0) + 1);
  }
  const ranked = active.map((pod): Ranked => {
    const ready = isPodReady(pod);
    const readySince = podCondition(pod, 'Ready')?.lastTransitionTime;
    const rank = [
      pod.spec?.nodeName ? 1 : 0,
      phaseOrder[pod.status?.phase ?? 'Pending'] ?? 0,
      ready ? 1 : 0,
      deletionCost(pod),
      -(neighbours.get(pod.spec?.nodeName ?? '') ?? 0),
      ready ? ageClass(readySince, nowMs) : 0,
      -restarts(pod),
      ageClass(pod.metadata?.creationTimestamp, nowMs),
      pod.metadata?.uid ?? '',
    ];
    return { pod, rank };
  });
  return ranked
    .sort(compareRanks)
    .slice(0, count)
    .map(({ pod }) => pod);
}

function compareRanks(one: Ranked, other: Ranked): number {
  for (const [at, mine] of one.rank.entries()) {
    const theirs = other.rank[at] ?? '';
    if (mine !== theirs) return mine < theirs ? -1 : 1;
  }
  return 0;
}
