/** CPU in cumulative nanoseconds, memory in bytes, at one time. */
export interface UsageReading {
  cpuNanoseconds: number;
  memoryWorkingSetBytes: number;
  atMs: number;
}

/** What one node says about itself and its pods at one time. */
export interface NodeUsageReport {
  node: UsageReading;
  pods: ReadonlyArray<{
    namespace: string;
    name: string;
    uid: string;
    containers: ReadonlyArray<{ name: string; usage: UsageReading }>;
  }>;
}

/** A use of resources over a window of time. */
export interface Usage {
  /** Mean over the window, in billionths of a CPU, as metrics.k8s.io counts. */
  cpuNanocores: number;
  memoryWorkingSetBytes: number;
  windowMs: number;
  atMs: number;
}

export interface PodUsage {
  namespace: string;
  name: string;
  containers: Array<{ name: string; usage: Usage }>;
}

/** Rates need two readings at least this far apart to mean anything. */
const windowMsMin = 1_000;

/** Two readings, the older of which is replaced once the newer one is far enough from it. */
interface Series {
  older: UsageReading;
  newer: UsageReading;
}

interface PodSeries {
  namespace: string;
  name: string;
  containers: Map<string, Series>;
}

interface NodeSeries {
  node: Series;
  pods: Map<string, PodSeries>;
}

/** The newest resource use of each node and its pods, in memory only. Node sessions fill it, metrics.k8s.io shows it. */
export class UsageBoard {
  private readonly nodes = new Map<string, NodeSeries>();

  report(nodeName: string, report: NodeUsageReport): void {
    const before = this.nodes.get(nodeName);
    const pods = new Map<string, PodSeries>();
    for (const pod of report.pods) {
      const known = before?.pods.get(pod.uid);
      const containers = new Map<string, Series>();
      for (const container of pod.containers) {
        containers.set(container.name, advance(known?.containers.get(container.name), container.usage));
      }
      pods.set(pod.uid, { namespace: pod.namespace, name: pod.name, containers });
    }
    this.nodes.set(nodeName, { node: advance(before?.node, report.node), pods });
  }

  /** Forgets a node whose session ended. */
  remove(nodeName: string): void {
    this.nodes.delete(nodeName);
  }

  /** Nodes with at least two readings. */
  nodeUsages(): Array<{ name: string; usage: Usage }> {
    const found: Array<{ name: string; usage: Usage }> = [];
    for (const [name, series] of this.nodes) {
      const usage = usageOf(series.node);
      if (usage) found.push({ name, usage });
    }
    return found;
  }

  /** Pods of which every container has at least two readings. */
  podUsages(): PodUsage[] {
    return [...this.nodes.values()].flatMap((node) => [...node.pods.values()].flatMap(podUsageOf));
  }
}

function advance(series: Series | undefined, reading: UsageReading): Series {
  if (!series || reading.cpuNanoseconds < series.newer.cpuNanoseconds) return { older: reading, newer: reading };
  if (reading.atMs - series.newer.atMs < windowMsMin) return { older: series.older, newer: reading };
  return { older: series.newer, newer: reading };
}

function usageOf({ older, newer }: Series): Usage | undefined {
  const windowMs = newer.atMs - older.atMs;
  if (windowMs <= 0) return undefined;
  const cpuNanocores = Math.round(((newer.cpuNanoseconds - older.cpuNanoseconds) * 1000) / windowMs);
  return { cpuNanocores, memoryWorkingSetBytes: newer.memoryWorkingSetBytes, windowMs, atMs: newer.atMs };
}

function podUsageOf(pod: PodSeries): PodUsage[] {
  const containers: PodUsage['containers'] = [];
  for (const [name, series] of pod.containers) {
    const usage = usageOf(series);
    if (!usage) return [];
    containers.push({ name, usage });
  }
  return containers.length === 0 ? [] : [{ namespace: pod.namespace, name: pod.name, containers }];
}
