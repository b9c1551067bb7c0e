import { isDeepStrictEqual } from 'node:util';
import type { V1Node, V1NodeCondition, V1NodeStatus } from '../../../libs/api/gen/types.ts';

/** Labels that only an administrator may set: workloads are kept apart by them. */
const restrictedLabel = /^([^/]*\.)?node-restriction\.kubernetes\.io\//;

/**
 * The status to write: what the agent reports, and the conditions, volumes and resources that others keep. Undefined when only the
 * times of heartbeats would change, for these stay in memory.
 */
export function mergeNodeStatus(present: V1NodeStatus | undefined, reported: V1NodeStatus): V1NodeStatus | undefined {
  const before = present ?? {};
  const named = new Set((reported.conditions ?? []).map((condition) => condition.type));
  const others = (before.conditions ?? []).filter((condition) => !named.has(condition.type));
  const { volumesAttached, volumesInUse } = before;
  const merged: V1NodeStatus = {
    volumesAttached,
    volumesInUse,
    ...reported,
    ...(reported.capacity && { capacity: withForeign(before.capacity, reported.capacity) }),
    ...(reported.allocatable && { allocatable: withForeign(before.allocatable, reported.allocatable) }),
    conditions: [...(reported.conditions ?? []), ...others],
  };
  const status = JSON.parse(JSON.stringify(merged)) as V1NodeStatus;
  return isDeepStrictEqual(timeless(status), timeless(before)) ? undefined : status;
}

/** Extended resources (`domain/name`) that the agent knows nothing of are advertised by others. */
function withForeign(present: Record<string, string> = {}, reported: Record<string, string>): Record<string, string> {
  const foreign = Object.entries(present).filter(([name]) => name.includes('/') && reported[name] === undefined);
  return { ...Object.fromEntries(foreign), ...reported };
}

function timeless(status: V1NodeStatus): unknown {
  const conditions = (status.conditions ?? []).map(
    ({ lastHeartbeatTime: _, ...condition }: V1NodeCondition) => condition,
  );
  return { ...status, conditions };
}

/** The Node object of an agent that registers for the first time. */
export function newNode(name: string, registration: V1Node): V1Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: permitted(registration.metadata?.labels),
      annotations: registration.metadata?.annotations,
    },
    spec: { taints: registration.spec?.taints },
  };
}

/** Labels and annotations that the agent sets and the Node has not (so); undefined when there are none. */
export function missingMetadata(node: V1Node, registration: V1Node): Record<string, unknown> | undefined {
  const labels = differing(node.metadata?.labels, permitted(registration.metadata?.labels));
  const annotations = differing(node.metadata?.annotations, registration.metadata?.annotations);
  return labels || annotations ? { ...(labels && { labels }), ...(annotations && { annotations }) } : undefined;
}

function permitted(labels: Record<string, string> | undefined): Record<string, string> | undefined {
  return labels && Object.fromEntries(Object.entries(labels).filter(([key]) => !restrictedLabel.test(key)));
}

function differing(
  present: Record<string, string> | undefined,
  wanted: Record<string, string> | undefined,
): Record<string, string> | undefined {
  const entries = Object.entries(wanted ?? {}).filter(([key, value]) => present?.[key] !== value);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}
