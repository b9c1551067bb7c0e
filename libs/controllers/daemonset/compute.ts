import type { V1DaemonSet, V1DaemonSetStatus, V1Node, V1Pod } from '../../api/gen/types.ts';
import { daemonsets } from '../../api/kinds/daemonset.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { scaledValue } from '../../reconcile/percent.ts';
import { isPodAvailable, isPodReady, isPodTerminal, msUntilAvailable } from '../../reconcile/pods.ts';
import { revisionHashLabel } from '../../reconcile/revisions.ts';
import { daemonTolerations, placement, targetOf } from './placement.ts';

export interface Snapshot {
  daemonSet: V1DaemonSet;
  /** The pods that it owns. */
  pods: readonly V1Pod[];
  nodes: readonly V1Node[];
  /** The hash of the current template's revision. */
  hash: string;
}

export interface Plan {
  /** Names of the nodes that get a pod. */
  create: string[];
  remove: V1Pod[];
}

interface NodePods {
  name: string;
  run: boolean;
  keep: boolean;
  live: V1Pod[];
}

const isCurrent = (pod: V1Pod, hash: string) => pod.metadata?.labels?.[revisionHashLabel] === hash;
const isLeaving = (pod: V1Pod) => pod.metadata?.deletionTimestamp !== undefined;
const oldestFirst = (a: V1Pod, b: V1Pod) =>
  (a.metadata?.creationTimestamp ?? '') < (b.metadata?.creationTimestamp ?? '') ? -1 : 1;

function byNode({ daemonSet, pods, nodes }: Snapshot): NodePods[] {
  const grouped = new Map<string, V1Pod[]>();
  for (const pod of pods) grouped.set(targetOf(pod), [...(grouped.get(targetOf(pod)) ?? []), pod]);
  return nodes.map((node) => {
    const name = node.metadata?.name ?? '';
    return { name, ...placement(daemonSet, node), live: (grouped.get(name) ?? []).sort(oldestFirst) };
  });
}

/** Pods to make and to delete: one on each node where it belongs, and old templates replaced step by step. */
export function compute(snapshot: Snapshot, nowMs: number): Plan {
  const plan: Plan = { create: [], remove: [] };
  if (snapshot.daemonSet.metadata?.deletionTimestamp) return plan;
  const nodes = byNode(snapshot);
  for (const node of nodes) manageNode(snapshot, node, plan, nowMs);
  const strategy = snapshot.daemonSet.spec?.updateStrategy;
  if ((strategy?.type ?? 'RollingUpdate') === 'RollingUpdate') roll(snapshot, nodes, plan, nowMs);
  return plan;
}

function manageNode({ daemonSet, hash }: Snapshot, node: NodePods, plan: Plan, nowMs: number): void {
  const staying = node.live.filter((pod) => !isLeaving(pod));
  if (!node.run) {
    if (!node.keep) plan.remove.push(...staying);
    return;
  }
  const ended = staying.filter(isPodTerminal);
  const running = staying.filter((pod) => !isPodTerminal(pod));
  // A daemon that ended is replaced; the new pod comes once the old one has gone.
  plan.remove.push(...ended);
  if (running.length === 0 && node.live.length === 0) plan.create.push(node.name);
  if (running.length < 2) return;
  const surging =
    running.length === 2 && surgeOf(daemonSet, 1) > 0 && new Set(running.map((pod) => isCurrent(pod, hash))).size === 2;
  if (!surging) plan.remove.push(...running.slice(1));
  else {
    const minReady = daemonSet.spec?.minReadySeconds ?? 0;
    const [old, current] = [running.find((pod) => !isCurrent(pod, hash)), running.find((pod) => isCurrent(pod, hash))];
    if (old && current && isPodAvailable(current, minReady, nowMs)) plan.remove.push(old);
  }
}

const surgeOf = (daemonSet: V1DaemonSet, total: number): number =>
  scaledValue(daemonSet.spec?.updateStrategy?.rollingUpdate?.maxSurge ?? 0, total, 'up');

function roll(snapshot: Snapshot, nodes: readonly NodePods[], plan: Plan, nowMs: number): void {
  const { daemonSet, hash } = snapshot;
  const wanted = nodes.filter(({ run }) => run);
  const minReady = daemonSet.spec?.minReadySeconds ?? 0;
  const available = (pod: V1Pod) => !isLeaving(pod) && isPodAvailable(pod, minReady, nowMs);
  const surge = surgeOf(daemonSet, wanted.length);
  const outdated = (node: NodePods) =>
    node.live.length === 1
      ? node.live.filter((pod) => !isLeaving(pod) && !isPodTerminal(pod) && !isCurrent(pod, hash))
      : [];
  if (surge > 0) {
    const surging = wanted.filter((node) => node.live.length > 1).length;
    const next = wanted.filter((node) => outdated(node).length > 0).slice(0, Math.max(0, surge - surging));
    plan.create.push(...next.map(({ name }) => name));
    return;
  }
  const maxUnavailable = scaledValue(
    daemonSet.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1,
    wanted.length,
    'up',
  );
  let budget = maxUnavailable - wanted.filter((node) => !node.live.some(available)).length;
  for (const pod of wanted.flatMap(outdated)) {
    // One that does not serve costs nothing.
    if (!available(pod)) plan.remove.push(pod);
    else if (budget > 0) {
      budget -= 1;
      plan.remove.push(pod);
    }
  }
}

/** The pod for one node. */
export function podOf(daemonSet: V1DaemonSet, nodeName: string, hash: string): V1Pod {
  const { metadata, spec = { containers: [] } } = daemonSet.spec?.template ?? {};
  const field = { key: 'metadata.name', operator: 'In', values: [nodeName] };
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = required?.nodeSelectorTerms ?? [{}];
  const nodeSelectorTerms = terms.map((term) => ({ ...term, matchFields: [field] }));
  const nodeAffinity = {
    ...spec.affinity?.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms },
  };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${daemonSet.metadata?.name}-`,
      namespace: daemonSet.metadata?.namespace,
      labels: { ...metadata?.labels, [revisionHashLabel]: hash },
      ...(metadata?.annotations ? { annotations: { ...metadata.annotations } } : {}),
      ownerReferences: [controllerReference(daemonsets, daemonSet)],
    },
    spec: {
      ...spec,
      affinity: { ...spec.affinity, nodeAffinity },
      tolerations: [...(spec.tolerations ?? []), ...daemonTolerations(spec)],
    },
  };
}

export function computeStatus(snapshot: Snapshot, nowMs: number): { status: V1DaemonSetStatus; changesInMs?: number } {
  const { daemonSet, hash } = snapshot;
  const minReady = daemonSet.spec?.minReadySeconds ?? 0;
  const nodes = byNode(snapshot);
  const wanted = nodes.filter(({ run }) => run);
  const staying = ({ live }: NodePods) => live.filter((pod) => !isLeaving(pod));
  const count = (test: (pod: V1Pod) => boolean) => wanted.filter((node) => staying(node).some(test)).length;
  const numberAvailable = count((pod) => isPodAvailable(pod, minReady, nowMs));
  const status: V1DaemonSetStatus = {
    currentNumberScheduled: wanted.filter((node) => staying(node).length > 0).length,
    desiredNumberScheduled: wanted.length,
    numberMisscheduled: nodes.filter((node) => !node.run && staying(node).length > 0).length,
    numberReady: count(isPodReady),
    updatedNumberScheduled: count((pod) => isCurrent(pod, hash)),
    numberAvailable,
    numberUnavailable: wanted.length - numberAvailable,
    observedGeneration: daemonSet.metadata?.generation ?? 0,
    ...(daemonSet.status?.collisionCount ? { collisionCount: daemonSet.status.collisionCount } : {}),
    ...(daemonSet.status?.conditions ? { conditions: daemonSet.status.conditions } : {}),
  };
  for (const field of ['updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'] as const) {
    if (status[field] === 0) delete status[field];
  }
  const waits = snapshot.pods.map((pod) => msUntilAvailable(pod, minReady, nowMs) ?? 0).filter((wait) => wait > 0);
  return waits.length > 0 ? { status, changesInMs: Math.min(...waits) } : { status };
}
