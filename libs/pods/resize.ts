import type { V1Container, V1Pod, V1ResourceRequirements } from '../api/gen/types.ts';
import { amountOf } from '../api/validation/amounts.ts';
import { latest, type ObservedPod, type PodNotes } from './observed.ts';

/** What of a running container may change: CPU and memory. */
const resizable = ['cpu', 'memory'] as const;

type ResizableName = (typeof resizable)[number];

function same(first: Record<string, string> | undefined, second: Record<string, string> | undefined, name: string) {
  const [a, b] = [first?.[name], second?.[name]];
  if (a === undefined || b === undefined) return a === b;
  return amountOf(a) === amountOf(b);
}

/** The resources whose amounts differ; another spelling of the same amount is no change. */
function changedResources(
  wanted: V1ResourceRequirements | undefined,
  applied: V1ResourceRequirements | undefined,
): ResizableName[] {
  return resizable.filter(
    (name) => !same(wanted?.requests, applied?.requests, name) || !same(wanted?.limits, applied?.limits, name),
  );
}

/** What the run `id` of a container was last given; undefined when that is not known. */
export function appliedResources(notes: PodNotes, name: string, id: string): V1ResourceRequirements | undefined {
  const applied = notes.get(name)?.applied;
  return applied?.id === id ? applied.resources : undefined;
}

/** How a running container gets the resources that its pod now asks for. */
export function resizeOf(container: V1Container, notes: PodNotes, id: string): 'none' | 'inPlace' | 'restart' {
  const applied = appliedResources(notes, container.name, id);
  if (!applied) return 'none';
  const changed = changedResources(container.resources, applied);
  if (changed.length === 0) return 'none';
  const restart = changed.some((name) =>
    container.resizePolicy?.some(
      (policy) => policy.resourceName === name && policy.restartPolicy === 'RestartContainer',
    ),
  );
  return restart ? 'restart' : 'inPlace';
}

/** The pod with the resources that its running containers have now. */
export function podAsApplied(pod: V1Pod, observed: ObservedPod, notes: PodNotes): V1Pod {
  const asApplied = (container: V1Container): V1Container => {
    const seen = latest(observed, container.name);
    const resources = seen && appliedResources(notes, container.name, seen.id);
    return resources ? { ...container, resources } : container;
  };
  const { spec } = pod;
  if (!spec) return pod;
  return {
    ...pod,
    spec: {
      ...spec,
      containers: spec.containers.map(asApplied),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(asApplied) } : {}),
    },
  };
}

/** Whether a running container has not yet what the pod asks for. */
export function resizeUnderWay(pod: V1Pod, observed: ObservedPod, notes: PodNotes): boolean {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].some((container) => {
    const seen = latest(observed, container.name);
    return seen?.state === 'running' && resizeOf(container, notes, seen.id) !== 'none';
  });
}
