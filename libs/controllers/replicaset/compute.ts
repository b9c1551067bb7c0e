import type { V1Pod, V1PodTemplateSpec, V1ReplicaSetStatus } from '../../api/gen/types.ts';
import type { KubeObject, Resource } from '../../api/meta.ts';
import { rfc3339 } from '../../base/clock.ts';
import { controllerReference, mapMatches } from '../../reconcile/ownership.ts';
import { isPodActive, isPodReady, isPodTerminal, msUntilAvailable } from '../../reconcile/pods.ts';
import { podsToDelete } from './ranking.ts';

/** Pods created or deleted in one step. */
export const burstPodsMax = 500;

/** What ReplicaSets and ReplicationControllers have in common. */
export interface Replicated extends KubeObject {
  spec?: { replicas?: number; minReadySeconds?: number; template?: V1PodTemplateSpec };
  status?: V1ReplicaSetStatus;
}

export interface Snapshot {
  replicaSet: Replicated;
  /** The pods that it owns. */
  pods: readonly V1Pod[];
  /** Pods of the same owner's other ReplicaSets, which count as neighbours on a node. */
  related: readonly V1Pod[];
}

export interface Plan {
  creations: number;
  deletions: V1Pod[];
}

/** How many pods to make or which to delete. */
export function compute({ replicaSet, pods, related }: Snapshot, nowMs: number): Plan {
  if (replicaSet.metadata?.deletionTimestamp) return { creations: 0, deletions: [] };
  const active = pods.filter(isPodActive);
  const missing = (replicaSet.spec?.replicas ?? 1) - active.length;
  if (missing >= 0) return { creations: Math.min(missing, burstPodsMax), deletions: [] };
  const surplus = Math.min(-missing, burstPodsMax);
  return { creations: 0, deletions: podsToDelete(active, related, surplus, nowMs) };
}

/** The pod that a ReplicaSet makes. */
export function podOf(resource: Resource, replicaSet: Replicated): V1Pod {
  const template: V1PodTemplateSpec = replicaSet.spec?.template ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      // Leaves room for the suffix within what a host name may be.
      generateName: `${replicaSet.metadata?.name}-`,
      namespace: replicaSet.metadata?.namespace,
      labels: { ...template.metadata?.labels },
      ...(template.metadata?.annotations ? { annotations: { ...template.metadata.annotations } } : {}),
      ...(template.metadata?.finalizers ? { finalizers: [...template.metadata.finalizers] } : {}),
      ownerReferences: [controllerReference(resource, replicaSet)],
    },
    spec: template.spec,
  };
}

/** What went wrong in the last step, if anything. */
export interface Failure {
  reason: 'FailedCreate' | 'FailedDelete';
  message: string;
}

/** The status, and when time alone will change it: a ready pod becomes available. */
export function computeStatus(
  { replicaSet, pods }: Pick<Snapshot, 'replicaSet' | 'pods'>,
  failure: Failure | undefined,
  nowMs: number,
): { status: V1ReplicaSetStatus; changesInMs?: number } {
  const active = pods.filter(isPodActive);
  const minReadySeconds = replicaSet.spec?.minReadySeconds ?? 0;
  const waits = active.map((pod) => msUntilAvailable(pod, minReadySeconds, nowMs)).filter((wait) => wait !== undefined);
  const labels = replicaSet.spec?.template?.metadata?.labels;
  const counts = {
    fullyLabeledReplicas: active.filter((pod) => mapMatches(labels, pod.metadata?.labels)).length,
    readyReplicas: active.filter(isPodReady).length,
    availableReplicas: waits.filter((wait) => wait === 0).length,
  };
  const conditions = withFailure(replicaSet, failure, nowMs);
  const status: V1ReplicaSetStatus = {
    replicas: active.length,
    ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    terminatingReplicas: pods.filter((pod) => pod.metadata?.deletionTimestamp && !isPodTerminal(pod)).length,
    observedGeneration: replicaSet.metadata?.generation ?? 0,
    ...(conditions.length > 0 ? { conditions } : {}),
  };
  const pending = waits.filter((wait) => wait > 0);
  return pending.length > 0 ? { status, changesInMs: Math.min(...pending) } : { status };
}

function withFailure(replicaSet: Replicated, failure: Failure | undefined, nowMs: number) {
  const standing = replicaSet.status?.conditions ?? [];
  const others = standing.filter((condition) => condition.type !== 'ReplicaFailure');
  if (!failure) return others;
  if (others.length < standing.length) return standing;
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime: rfc3339(nowMs), ...failure }];
}
