import type { V1Pod, V1StatefulSet, V1StatefulSetStatus } from '../../api/gen/types.ts';
import { scaledValue } from '../../reconcile/percent.ts';
import { isPodAvailable, isPodReady, isPodTerminal, msUntilAvailable } from '../../reconcile/pods.ts';
import { revisionHashLabel } from '../../reconcile/revisions.ts';
import { ordinalOf } from './identity.ts';

export interface Snapshot {
  set: V1StatefulSet;
  /** The pods that it owns. */
  pods: readonly V1Pod[];
  /** Names of the revisions that pods are moved from and to. */
  currentRevision: string;
  updateRevision: string;
}

export interface Plan {
  create: Array<{ ordinal: number; revision: string }>;
  remove: V1Pod[];
}

interface Placed {
  ordinal: number;
  pod: V1Pod | undefined;
}

const isLeaving = (pod: V1Pod) => pod.metadata?.deletionTimestamp !== undefined;
export const revisionOf = (pod: V1Pod): string => pod.metadata?.labels?.[revisionHashLabel] ?? '';

function bounds(set: V1StatefulSet): { start: number; end: number } {
  const start = set.spec?.ordinals?.start ?? 0;
  return { start, end: start + (set.spec?.replicas ?? 1) };
}

/** Pods to make and to delete: in order and one at a time, unless the set is Parallel. */
export function compute(snapshot: Snapshot, nowMs: number): Plan {
  const { set, pods } = snapshot;
  const plan: Plan = { create: [], remove: [] };
  if (set.metadata?.deletionTimestamp) return plan;
  const { start, end } = bounds(set);
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const wanted = Array.from({ length: end - start }, (_, at) => ({
    ordinal: start + at,
    pod: byOrdinal.get(start + at),
  }));
  const condemned = pods
    .filter((pod) => ordinalOf(set, pod) < start || ordinalOf(set, pod) >= end)
    .sort((a, b) => ordinalOf(set, b) - ordinalOf(set, a));
  const settled = fill(snapshot, wanted, plan, nowMs) && shrink(snapshot, condemned, wanted, plan, nowMs);
  if (settled) update(snapshot, wanted, plan, nowMs);
  return plan;
}

const isParallel = ({ set }: Snapshot) => set.spec?.podManagementPolicy === 'Parallel';
const isHealthy = (snapshot: Snapshot, pod: V1Pod | undefined, nowMs: number) =>
  pod !== undefined && !isLeaving(pod) && isPodAvailable(pod, snapshot.set.spec?.minReadySeconds ?? 0, nowMs);

/** Answers whether what follows may go on. */
function fill(snapshot: Snapshot, wanted: readonly Placed[], plan: Plan, nowMs: number): boolean {
  for (const { ordinal, pod } of wanted) {
    if (!pod) plan.create.push({ ordinal, revision: revisionFor(snapshot, ordinal) });
    else if (isPodTerminal(pod) && !isLeaving(pod)) plan.remove.push(pod);
    if (!isParallel(snapshot) && !isHealthy(snapshot, pod, nowMs)) return false;
  }
  return true;
}

/** Below the partition pods stay with, and come back to, the revision before. */
function revisionFor({ set, currentRevision, updateRevision }: Snapshot, ordinal: number): string {
  const strategy = set.spec?.updateStrategy;
  const kept =
    strategy?.type === 'OnDelete' ? (set.status?.currentReplicas ?? 0) : (strategy?.rollingUpdate?.partition ?? 0);
  return ordinal < bounds(set).start + kept ? currentRevision : updateRevision;
}

function shrink(
  snapshot: Snapshot,
  condemned: readonly V1Pod[],
  wanted: readonly Placed[],
  plan: Plan,
  nowMs: number,
): boolean {
  if (isParallel(snapshot)) {
    plan.remove.push(...condemned.filter((pod) => !isLeaving(pod)));
    return true;
  }
  const [next] = condemned;
  if (!next) return true;
  const othersHealthy = wanted.every(({ pod }) => isHealthy(snapshot, pod, nowMs));
  // Of several that are unhealthy only the lowest may go: the rest wait until somebody has looked at it.
  const unhealthy = condemned.filter((pod) => !isHealthy(snapshot, pod, nowMs));
  const mayGo = isHealthy(snapshot, next, nowMs) || unhealthy.at(-1) === next;
  if (!isLeaving(next) && othersHealthy && mayGo) plan.remove.push(next);
  return false;
}

function update(snapshot: Snapshot, wanted: readonly Placed[], plan: Plan, nowMs: number): void {
  const { set, updateRevision } = snapshot;
  const strategy = set.spec?.updateStrategy;
  if (strategy?.type === 'OnDelete') return;
  const { partition = 0, maxUnavailable = 1 } = strategy?.rollingUpdate ?? {};
  const first = bounds(set).start + partition;
  let left = Math.max(1, scaledValue(maxUnavailable, set.spec?.replicas ?? 1, 'up'));
  for (const { ordinal, pod } of [...wanted].reverse()) {
    if (ordinal < first || left <= 0) return;
    const isOutdated = pod && !isLeaving(pod) && revisionOf(pod) !== updateRevision;
    if (isOutdated) plan.remove.push(pod);
    // Those that are away already count as well as those that go now.
    if (isOutdated || !isHealthy(snapshot, pod, nowMs)) left -= 1;
  }
}

export function computeStatus(
  snapshot: Snapshot,
  nowMs: number,
): { status: V1StatefulSetStatus; changesInMs?: number } {
  const { set, pods, updateRevision } = snapshot;
  let { currentRevision } = snapshot;
  const minReady = set.spec?.minReadySeconds ?? 0;
  const live = pods.filter((pod) => !isPodTerminal(pod));
  const count = (test: (pod: V1Pod) => boolean) => live.filter((pod) => !isLeaving(pod) && test(pod)).length;
  const updatedReplicas = count((pod) => revisionOf(pod) === updateRevision);
  const readyReplicas = count(isPodReady);
  const size = set.spec?.replicas ?? 1;
  const rolls = set.spec?.updateStrategy?.type !== 'OnDelete';
  const complete = rolls && updatedReplicas === size && readyReplicas === size && live.length === size;
  if (complete) currentRevision = updateRevision;
  const counts = {
    readyReplicas,
    currentReplicas: count((pod) => revisionOf(pod) === currentRevision),
    updatedReplicas,
  };
  const status: V1StatefulSetStatus = {
    observedGeneration: set.metadata?.generation ?? 0,
    replicas: live.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, amount]) => amount > 0)),
    availableReplicas: count((pod) => isPodAvailable(pod, minReady, nowMs)),
    currentRevision,
    updateRevision,
    collisionCount: set.status?.collisionCount ?? 0,
  };
  const waits = pods.map((pod) => msUntilAvailable(pod, minReady, nowMs) ?? 0).filter((wait) => wait > 0);
  return waits.length > 0 ? { status, changesInMs: Math.min(...waits) } : { status };
}
