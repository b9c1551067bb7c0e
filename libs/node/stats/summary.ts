import { rfc3339 } from '../../base/clock.ts';
import type { CgroupUsage } from '../cgroups/cgroups.ts';
import type { NodeFigures, PodFigures } from './collect.ts';

/** CPU in use now, from two readings: nanoseconds of CPU per second. */
export class CpuRates {
  readonly #last = new Map<string, { cpuNanoseconds: number; atMs: number; rate: number }>();

  /** Takes in one reading and answers the rate since the one before; 0 for the first. */
  add(key: string, cpuNanoseconds: number, atMs: number): number {
    const last = this.#last.get(key);
    if (last && atMs - last.atMs < 1) return last.rate;
    const rate = last ? Math.max(0, ((cpuNanoseconds - last.cpuNanoseconds) / (atMs - last.atMs)) * 1000) : 0;
    this.#last.set(key, { cpuNanoseconds, atMs, rate });
    return rate;
  }

  /** Forgets what has not been read since. */
  keep(keys: ReadonlySet<string>): void {
    for (const key of this.#last.keys()) if (!keys.has(key)) this.#last.delete(key);
  }
}

function cpu(usage: CgroupUsage, time: string, rate: number) {
  return { time, usageNanoCores: Math.round(rate), usageCoreNanoSeconds: usage.cpuNanoseconds };
}

function memory(usage: CgroupUsage, time: string) {
  const available = usage.memoryLimitBytes
    ? Math.max(0, usage.memoryLimitBytes - usage.memoryWorkingSetBytes)
    : undefined;
  return {
    time,
    ...(available === undefined ? {} : { availableBytes: available }),
    usageBytes: usage.memoryUsageBytes,
    workingSetBytes: usage.memoryWorkingSetBytes,
    rssBytes: usage.memoryRssBytes,
    pageFaults: usage.pageFaults,
    majorPageFaults: usage.majorPageFaults,
  };
}

function podSummary(figures: PodFigures, time: string, rate: (key: string, usage: CgroupUsage) => number) {
  const { pod, network } = figures;
  return {
    podRef: { name: pod.metadata?.name, namespace: pod.metadata?.namespace, uid: pod.metadata?.uid },
    startTime: pod.status?.startTime ?? time,
    containers: figures.containers.map((container) => ({
      name: container.name,
      startTime: rfc3339(container.container.startedAtMs),
      cpu: cpu(container.usage, time, rate(container.cgroup, container.usage)),
      memory: memory(container.usage, time),
    })),
    cpu: cpu(figures.usage, time, rate(figures.cgroup, figures.usage)),
    memory: memory(figures.usage, time),
    ...(network
      ? {
          network: {
            time,
            name: 'eth0',
            rxBytes: network.receivedBytes,
            rxErrors: network.receiveErrors,
            txBytes: network.sentBytes,
            txErrors: network.sendErrors,
          },
        }
      : {}),
    process_stats: { process_count: figures.usage.processes },
  };
}

export interface DiskFigures {
  totalBytes: number;
  availableBytes: number;
}

export interface SummarisedNode {
  name: string;
  startedAtMs: number;
  /** The file systems of volumes and logs, and of images. */
  disks: { volumes: DiskFigures; images: DiskFigures };
}

function filesystem({ totalBytes, availableBytes }: DiskFigures, time: string) {
  return { time, availableBytes, capacityBytes: totalBytes, usedBytes: totalBytes - availableBytes };
}

/** `/stats/summary`: what everything on the node uses, as the kubelet's Summary API has it. */
export function summaryOf(figures: NodeFigures, node: SummarisedNode, rates: CpuRates) {
  const time = rfc3339(figures.atMs);
  const seen = new Set<string>();
  const rate = (key: string, usage: CgroupUsage) => {
    seen.add(key);
    return rates.add(key, usage.cpuNanoseconds, figures.atMs);
  };
  const summary = {
    node: {
      nodeName: node.name,
      startTime: rfc3339(node.startedAtMs),
      cpu: cpu(figures.usage, time, rate(figures.root, figures.usage)),
      memory: memory(figures.usage, time),
      fs: filesystem(node.disks.volumes, time),
      runtime: {
        imageFs: filesystem(node.disks.images, time),
        containerFs: filesystem(node.disks.images, time),
      },
      rlimit: { time, curproc: figures.usage.processes },
    },
    pods: figures.pods.map((pod) => podSummary(pod, time, rate)),
  };
  rates.keep(seen);
  return summary;
}
