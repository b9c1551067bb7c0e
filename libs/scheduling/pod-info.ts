import type { V1Pod } from '../api/gen/types.ts';
import { podRequests } from '../api/kinds/pod/requests.ts';
import { seedOf } from '../base/random.ts';
import type { AffinityHolders } from './affinity-holders.ts';
import type { Gang } from './gang.ts';
import type { LabelClass, LabelClasses } from './label-classes.ts';
import { type NodeTable, podsColumn } from './node-table.ts';
import { type PodAffinity, readPodAffinity } from './pod-affinity.ts';
import { readSpread, type Spread } from './spread-constraints.ts';
import { claimsOf } from './volumes.ts';

/** What scoring takes a pod without requests to need, so that such pods spread as well. Source: kube-scheduler. */
const defaultCpuMillis = 100;
const defaultMemoryBytes = 200 * 2 ** 20;

/** Amounts by the table's columns; the one pod that a pod is is not among them. */
export interface Requests {
  readonly columns: readonly number[];
  readonly amounts: readonly number[];
  readonly scoredCpu: number;
  readonly scoredMemory: number;
}

export interface HostPort {
  ip: string;
  protocol: string;
  port: number;
}

/**
 * All of a pod that placement depends on, apart from its labels. Pods of one template share one shape, so that it is
 * read once. `pod` is any one of them: plugins read of it only what `shapeKey` holds.
 */
export interface PodShape {
  readonly key: string;
  /** As good as the key, and short. */
  readonly id: number;
  readonly pod: V1Pod;
  readonly namespace: string;
  /** The only node that will do; '' for any. */
  readonly nodeName: string;
  readonly requests: Requests;
  readonly hostPorts: readonly HostPort[];
  readonly affinity: PodAffinity;
  readonly spread: Spread;
  /** Claims that the pod uses, as `namespace/name`. */
  readonly claims: readonly string[];
}

/** A pod as the scheduler sees it. */
export interface PodInfo {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly priority: number;
  /** The newest state known; only what placement does not rest on may differ from that which was read. */
  pod: V1Pod;
  readonly shape: PodShape;
  /** Replaced by `Cluster.relabel`. */
  labels: LabelClass;
  /** Breaks ties between equal nodes. */
  readonly seed: number;
  /** The group that it is placed with; absent for most. */
  readonly gang?: Gang;
  /** RFC 3339; of two pods with one priority the older is the more important. */
  readonly startTime: string;
}

/** A pod that occupies a node. */
export interface PlacedPod {
  /** The pod's uid; for a reservation `nominated/` and the uid. */
  readonly key: string;
  readonly info: PodInfo;
  readonly slot: number;
  readonly requests: Requests;
  /** A pod that is on its way out holds its resources but no longer counts for spreading and affinity. */
  readonly isCounted: boolean;
  /** Holds the room that is being made for a pod whose victims have not left yet. */
  readonly isReservation: boolean;
}

/** What a pod is spread by when it states no constraints: its controller, or the services that select it. */
export interface SpreadOwner {
  controllerUid: string;
  serviceSelectors: ReadonlyArray<Record<string, string>>;
}

export interface ShapeIdentity {
  key: string;
  id: number;
  owner: SpreadOwner;
  nodeName: string;
}

export interface ShapeContext {
  table: NodeTable;
  classes: LabelClasses;
  holders: AffinityHolders;
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
    spec?.volumes && claimsOf(pod),
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
    spread: readSpread(pod, owner, context),
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
  const scoredCpu = requests.get('cpu') || defaultCpuMillis;
  const scoredMemory = requests.get('memory') || defaultMemoryBytes;
  return { columns, amounts, scoredCpu, scoredMemory };
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
