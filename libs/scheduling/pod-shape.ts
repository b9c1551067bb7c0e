import type { V1Pod } from '../api/gen/types.ts';
import { podRequests } from '../api/kinds/pod/requests.ts';
import { seedOf } from '../base/random.ts';
import type { AffinityContext } from './affinity-holders.ts';
import { type NodeTable, podsColumn } from './node-table.ts';
import { readPodAffinity } from './pod-affinity.ts';
import type { HostPort, PodShape, Requests } from './pod-info.ts';
import { readSpread, type SpreadOwner } from './spread-constraints.ts';
import { claimsOf } from './volumes.ts';

/** What scoring takes a container without requests to need, so that such pods spread as well. Source: kube-scheduler. */
const scoredWithout = new Map([
  ['cpu', 100],
  ['memory', 200 * 2 ** 20],
]);

export interface ShapeIdentity {
  key: string;
  id: number;
  owner: SpreadOwner;
  nodeName: string;
}

interface ShapeContext extends AffinityContext {
  table: NodeTable;
}

/** Everything that `readShape` and the plugins look at, as text. */
export function shapeKey(pod: V1Pod, owner: SpreadOwner, nodeName: string): string {
  const spec = pod.spec;
  return JSON.stringify([
    pod.metadata?.namespace,
    nodeName,
    spec?.containers.map(({ resources, ports, image }) => [resources, ports, image]),
    spec?.initContainers?.map(({ resources, restartPolicy, image, ports }) => [resources, restartPolicy, image, ports]),
    spec?.overhead,
    spec?.resources,
    spec?.nodeSelector,
    spec?.affinity,
    spec?.tolerations,
    spec?.topologySpreadConstraints,
    spec?.hostNetwork,
    spec?.schedulerName,
    spec?.priority,
    owner,
    ruleLabels(pod),
    heldAmounts(pod),
    spec?.volumes && [claimsOf(pod), spec.volumes.map(({ image }) => image?.reference)],
  ]);
}

/** The pod's own labels that its rules name: those of matchLabelKeys and mismatchLabelKeys. Undefined for none. */
export function ruleLabels({ metadata, spec }: V1Pod): Record<string, string> | undefined {
  const { podAffinity, podAntiAffinity } = spec?.affinity ?? {};
  if (podAffinity === undefined && podAntiAffinity === undefined && !spec?.topologySpreadConstraints) return undefined;
  const kept: Record<string, string> = {};
  const keep = (keys: readonly string[] = []) => {
    for (const key of keys) {
      const value = metadata?.labels?.[key];
      if (value !== undefined) kept[key] = value;
    }
  };
  for (const { matchLabelKeys } of spec?.topologySpreadConstraints ?? []) keep(matchLabelKeys);
  for (const affinity of [podAffinity, podAntiAffinity]) {
    const terms = [
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((each) => each.podAffinityTerm),
    ];
    for (const { matchLabelKeys, mismatchLabelKeys } of terms) {
      keep(matchLabelKeys);
      keep(mismatchLabelKeys);
    }
  }
  return kept;
}

/** What containers hold that is not what they ask for: while a resize is under way. Undefined for none. */
export function heldAmounts({ spec, status }: V1Pod): Array<[string, unknown]> | undefined {
  let held: Array<[string, unknown]> | undefined;
  for (const { name, allocatedResources } of status?.containerStatuses ?? []) {
    if (allocatedResources === undefined) continue;
    const requests = spec?.containers.find((container) => container.name === name)?.resources?.requests;
    const differs = Object.entries(allocatedResources).some(([resource, amount]) => requests?.[resource] !== amount);
    if (!differs) continue;
    held ??= [];
    held.push([name, allocatedResources]);
  }
  return held;
}

export function readShape(pod: V1Pod, identity: ShapeIdentity, context: ShapeContext): PodShape {
  const { key, id, owner, nodeName } = identity;
  const namespace = pod.metadata?.namespace ?? '';
  return {
    key,
    id,
    pod,
    namespace,
    nodeName,
    requests: readRequests(pod, context.table),
    hostPorts: readHostPorts(pod),
    affinity: readPodAffinity(pod, context),
    spread: readSpread(pod, owner, context.classes),
    claims: claimsOf(pod),
  };
}

export function podSeed(pod: V1Pod): number {
  return seedOf(pod.metadata?.uid ?? `${pod.metadata?.namespace}/${pod.metadata?.name}`);
}

function readRequests(pod: V1Pod, table: NodeTable): Requests {
  const requests = podRequests(pod);
  const columns: number[] = [];
  const amounts: number[] = [];
  for (const [name, amount] of requests) {
    const column = table.column(name);
    if (amount <= 0 || column === podsColumn) continue;
    columns.push(column);
    amounts.push(amount);
  }
  const scored = podRequests(pod, scoredWithout);
  return { columns, amounts, scoredCpu: scored.get('cpu') ?? 0, scoredMemory: scored.get('memory') ?? 0 };
}

function readHostPorts(pod: V1Pod): HostPort[] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports: HostPort[] = [];
  for (const container of [...(pod.spec?.containers ?? []), ...sidecars]) {
    for (const { hostPort, hostIP, protocol, containerPort } of container.ports ?? []) {
      const port = hostPort || (pod.spec?.hostNetwork ? containerPort : 0);
      if (port) ports.push({ ip: hostIP || '0.0.0.0', protocol: protocol ?? 'TCP', port });
    }
  }
  return ports;
}
