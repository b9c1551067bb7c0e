import type { V1Pod } from '../../api/gen/types.ts';
import { unitsOf } from '../../pods/resources.ts';
import type { Resource, Shortage } from './pressure.ts';

/** Pods that the cluster itself needs are never evicted. Source: Kubernetes, priority class system-cluster-critical. */
export const criticalPriorityMin = 2_000_000_000;

export interface Consumer {
  pod: V1Pod;
  /** What the pod uses of the resource that is short. */
  usedBytes: number;
  /** The same of each container, by name; empty when it is not known. */
  containers: ReadonlyMap<string, number>;
}

function requestOf({ spec }: V1Pod, resource: Resource): number {
  const requests = (spec?.containers ?? []).map(({ resources }) => unitsOf(resources?.requests?.[resource]));
  return requests.reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * The pods that may be evicted, the first to go first: those that use more than they asked for, then those of less
 * priority, then those that are furthest above what they asked for. Source: Kubernetes documentation, "Node-pressure
 * Eviction", "Pod selection for kubelet eviction".
 */
export function rankForEviction(consumers: readonly Consumer[], resource: Resource): Consumer[] {
  const ranked = consumers
    .filter(({ pod }) => (pod.spec?.priority ?? 0) < criticalPriorityMin)
    .map((consumer) => ({ consumer, above: consumer.usedBytes - requestOf(consumer.pod, resource) }));
  const priority = ({ consumer }: (typeof ranked)[number]) => consumer.pod.spec?.priority ?? 0;
  ranked.sort((a, b) => {
    const exceeds = Number(b.above > 0) - Number(a.above > 0);
    return exceeds || priority(a) - priority(b) || b.above - a.above;
  });
  return ranked.map(({ consumer }) => consumer);
}

const bytesPerKi = 1024;
const amount = (bytes: number) => (bytes < bytesPerKi ? String(bytes) : `${Math.floor(bytes / bytesPerKi)}Ki`);

/** What the pod's status says of its eviction. */
export function evictionMessage(shortage: Shortage, { pod, containers }: Consumer): string {
  const { resource, thresholdBytes, availableBytes } = shortage;
  const low = `The node was low on resource: ${resource}. `;
  const figures = `Threshold quantity: ${amount(thresholdBytes)}, available: ${amount(availableBytes)}. `;
  const above = (pod.spec?.containers ?? []).flatMap((container) => {
    const used = containers.get(container.name);
    const asked = requestOf({ spec: { containers: [container] } }, resource);
    if (used === undefined || used <= asked) return [];
    const request = `request is ${amount(asked)}, has larger consumption of ${resource}. `;
    return [`Container ${container.name} was using ${amount(used)}, ${request}`];
  });
  return [low, figures, ...above].join('');
}
