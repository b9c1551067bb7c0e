import { readFileSync } from 'node:fs';
import type { V1Pod } from '../../api/gen/types.ts';
import { latest, type ObservedContainer } from '../../pods/observed.ts';
import { qosClassOf } from '../../pods/qos.ts';
import { containersOf } from '../../pods/spec.ts';
import { type CgroupTree, type CgroupUsage, noUsage } from '../cgroups/cgroups.ts';
import type { PodCgroups } from '../cgroups/pods.ts';
import type { NodeUsage, UsageSample } from '../link.ts';
import type { RuntimeView } from '../view.ts';

export interface ContainerFigures {
  name: string;
  id: string;
  cgroup: string;
  container: ObservedContainer;
  usage: CgroupUsage;
}

export interface NetworkFigures {
  receivedBytes: number;
  receivedPackets: number;
  receiveErrors: number;
  receiveDropped: number;
  sentBytes: number;
  sentPackets: number;
  sendErrors: number;
  sendDropped: number;
}

export interface PodFigures {
  pod: V1Pod;
  cgroup: string;
  usage: CgroupUsage;
  containers: ContainerFigures[];
  /** undefined for pods on the node's network. */
  network: NetworkFigures | undefined;
}

export interface NodeFigures {
  atMs: number;
  root: string;
  usage: CgroupUsage;
  pods: PodFigures[];
}

export interface StatsSource {
  tree: CgroupTree;
  cgroups: PodCgroups;
  view: RuntimeView;
  pods: () => V1Pod[];
  now: () => number;
}

/** The counters of a pod's first interface, read through any process in its network. Source: proc(5), /proc/[pid]/net/dev. */
function networkOf(source: StatsSource, podCgroup: string, sandboxId: string | undefined): NetworkFigures | undefined {
  if (!sandboxId) return undefined;
  const pid = source.tree.processes(`${podCgroup}/${sandboxId}`)[0];
  if (pid === undefined) return undefined;
  try {
    const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
      .split('\n')
      .find((text) => text.trim().startsWith('eth0:'));
    const n = (line ?? '').replace(/^.*:/, '').trim().split(/\s+/).map(Number);
    if (n.length < 12) return undefined;
    return {
      receivedBytes: n[0] ?? 0,
      receivedPackets: n[1] ?? 0,
      receiveErrors: n[2] ?? 0,
      receiveDropped: n[3] ?? 0,
      sentBytes: n[8] ?? 0,
      sentPackets: n[9] ?? 0,
      sendErrors: n[10] ?? 0,
      sendDropped: n[11] ?? 0,
    };
  } catch {
    return undefined;
  }
}

function runningContainers(source: StatsSource, pod: V1Pod): ObservedContainer[] {
  const observed = source.view.pod(pod.metadata?.uid ?? '');
  return containersOf(pod).flatMap(({ container }) => {
    const seen = latest(observed, container.name);
    return seen?.state === 'running' ? [seen] : [];
  });
}

function podFigures(source: StatsSource, pod: V1Pod): PodFigures | undefined {
  const uid = pod.metadata?.uid ?? '';
  const cgroup = source.cgroups.pathOf(uid, qosClassOf(pod));
  const usage = source.tree.usage(cgroup);
  if (!usage) return undefined;
  const containers = runningContainers(source, pod).flatMap((seen): ContainerFigures[] => {
    const path = `${cgroup}/${seen.id}`;
    const figures = source.tree.usage(path);
    return figures ? [{ name: seen.name, id: seen.id, cgroup: path, container: seen, usage: figures }] : [];
  });
  const { sandboxes } = source.view.pod(uid);
  const network = pod.spec?.hostNetwork ? undefined : networkOf(source, cgroup, sandboxes[0]?.id);
  return { pod, cgroup, usage, containers, network };
}

/** Reads what everything on the node has used, straight from the kernel. */
export function collectFigures(source: StatsSource): NodeFigures {
  const root = source.cgroups.root;
  return {
    atMs: source.now(),
    root,
    usage: source.tree.usage(root) ?? noUsage,
    pods: source.pods().flatMap((pod) => podFigures(source, pod) ?? []),
  };
}

/** What autoscaling and `top` are fed with. */
export function collectUsage(source: StatsSource): NodeUsage {
  const atMs = source.now();
  const sample = (path: string): UsageSample | undefined => {
    const figures = source.tree.sample(path);
    return (
      figures && { cpuNanoseconds: figures.cpuNanoseconds, memoryWorkingSetBytes: figures.memoryWorkingSetBytes, atMs }
    );
  };
  const pods = source.pods().map((pod) => {
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {};
    const cgroup = source.cgroups.pathOf(uid, qosClassOf(pod));
    const containers = runningContainers(source, pod).flatMap((seen) => {
      const usage = sample(`${cgroup}/${seen.id}`);
      return usage ? [{ name: seen.name, usage }] : [];
    });
    return { namespace, name, uid, containers };
  });
  const node = sample(source.cgroups.root) ?? { cpuNanoseconds: 0, memoryWorkingSetBytes: 0, atMs };
  return { node, pods: pods.filter(({ containers }) => containers.length > 0) };
}
