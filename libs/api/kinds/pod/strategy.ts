import type { V1Container, V1LabelSelector, V1Pod, V1PodAffinityTerm, V1PodSpec } from '../../gen/types.ts';
import { qualityOfService } from './quality.ts';
import { scheduledCondition } from './scheduled-condition.ts';

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
    const why = { reason: 'SchedulingGated', message: 'Scheduling is blocked due to non-empty scheduling gates' };
    pod.status.conditions = [scheduledCondition('False', pod.metadata!.creationTimestamp, why)];
  }
  for (const term of pod.spec?.affinity ? affinityTerms(pod) : []) {
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

/** For updates that change some part of the specification and nothing else. */
function keepAllBut(spec: Partial<V1PodSpec>, pod: V1Pod, previous: V1Pod): void {
  const { resourceVersion, managedFields } = pod.metadata ?? {};
  pod.metadata = { ...previous.metadata, resourceVersion, managedFields };
  pod.spec = { ...previous.spec!, ...spec };
  pod.status = previous.status;
}

/** Nothing changes but the containers that are there to look into the pod. */
export function prepareEphemeralContainers(pod: V1Pod, previous: V1Pod): void {
  keepAllBut({ ephemeralContainers: pod.spec?.ephemeralContainers }, pod, previous);
}

/** Nothing changes but what the pod and its containers ask for. Other containers are left for validation to refuse. */
export function preparePodResize(pod: V1Pod, previous: V1Pod): void {
  const { containers = [], initContainers, resources } = pod.spec ?? {};
  keepAllBut(
    {
      resources,
      containers: resized(containers, previous.spec?.containers),
      initContainers: resized(initContainers ?? [], previous.spec?.initContainers),
    },
    pod,
    previous,
  );
  for (const field of ['resources', 'initContainers'] as const) {
    if (previous.spec?.[field] === undefined && !Object.keys(pod.spec![field] ?? {}).length) delete pod.spec![field];
  }
}

function resized(wanted: V1Container[], before: readonly V1Container[] = []): V1Container[] {
  const same = wanted.length === before.length && wanted.every(({ name }, i) => name === before[i]?.name);
  if (!same) return wanted;
  return before.map((container, i) => {
    const { resources, resizePolicy } = wanted[i]!;
    return { ...container, resources, resizePolicy };
  });
}

export function preparePodStatusUpdate(pod: V1Pod, previous: V1Pod): void {
  pod.spec = previous.spec;
  delete pod.metadata!.deletionTimestamp;
  if (previous.metadata?.deletionTimestamp) pod.metadata!.deletionTimestamp = previous.metadata.deletionTimestamp;
  pod.metadata!.ownerReferences = previous.metadata?.ownerReferences;
  const { qosClass, observedGeneration } = previous.status ?? {};
  pod.status ??= {};
  if (qosClass && !pod.status.qosClass) pod.status.qosClass = qosClass;
  if (observedGeneration && !pod.status.observedGeneration) pod.status.observedGeneration = observedGeneration;
}
