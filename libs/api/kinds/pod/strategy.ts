import type { V1LabelSelector, V1Pod, V1PodAffinityTerm } from '../../gen/types.ts';
import { qualityOfService } from './quality.ts';

/** Merges the pod's own values of some label keys into a selector. */
function mergeKeys(
  selector: V1LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: string,
  pod: V1Pod,
): void {
  if (!selector) return;
  for (const key of keys ?? []) {
    const value = pod.metadata?.labels?.[key];
    if (value === undefined) continue;
    selector.matchExpressions ??= [];
    selector.matchExpressions.push({ key, operator, values: [value] });
  }
}

function affinityTerms(pod: V1Pod): V1PodAffinityTerm[] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  return [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((term) => term.podAffinityTerm),
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ]);
}

export function prepareNewPod(pod: V1Pod): void {
  pod.status = { phase: 'Pending', qosClass: qualityOfService(pod.spec!) };
  if (pod.spec?.schedulingGates?.length) {
    const condition = { type: 'PodScheduled', status: 'False', lastProbeTime: null as unknown as undefined };
    const why = { reason: 'SchedulingGated', message: 'The pod has scheduling gates' };
    pod.status.conditions = [{ ...condition, lastTransitionTime: pod.metadata!.creationTimestamp, ...why }];
  }
  for (const term of affinityTerms(pod)) {
    mergeKeys(term.labelSelector, term.matchLabelKeys, 'In', pod);
    mergeKeys(term.labelSelector, term.mismatchLabelKeys, 'NotIn', pod);
  }
  for (const constraint of pod.spec?.topologySpreadConstraints ?? []) {
    mergeKeys(constraint.labelSelector, constraint.matchLabelKeys, 'In', pod);
  }
}

export function preparePodUpdate(pod: V1Pod, previous: V1Pod): void {
  pod.status = previous.status;
}

/** Nothing changes but the containers that are there to look into the pod. */
export function prepareEphemeralContainers(pod: V1Pod, previous: V1Pod): void {
  const { resourceVersion, managedFields } = pod.metadata ?? {};
  pod.metadata = { ...previous.metadata, resourceVersion, managedFields };
  pod.spec = { ...previous.spec!, ephemeralContainers: pod.spec?.ephemeralContainers };
  pod.status = previous.status;
}

export function preparePodStatusUpdate(pod: V1Pod, previous: V1Pod): void {
  pod.spec = previous.spec;
  delete pod.metadata!.deletionTimestamp;
  if (previous.metadata?.deletionTimestamp) pod.metadata!.deletionTimestamp = previous.metadata.deletionTimestamp;
  pod.metadata!.ownerReferences = previous.metadata?.ownerReferences;
  pod.status ??= {};
  pod.status.qosClass ||= previous.status?.qosClass;
  pod.status.observedGeneration ||= previous.status?.observedGeneration;
}
