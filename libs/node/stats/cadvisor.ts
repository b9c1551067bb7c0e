import { containerAmounts, cpuPeriodUs, quotaOf, sharesOf } from '../../pods/resources.ts';
import { containerNamed } from '../../pods/spec.ts';
import type { CgroupUsage } from '../cgroups/cgroups.ts';
import type { ContainerFigures, NetworkFigures, NodeFigures, PodFigures } from './collect.ts';
import type { Family } from './text.ts';

const nanosecondsPerSecond = 1e9;

type Labels = Record<string, string>;
type Read = (usage: CgroupUsage) => number;

interface UsageMetric {
  name: string;
  help: string;
  type: Family['type'];
  read: Read;
  /** Of containers and pods that have a CPU limit only. */
  limitedOnly?: boolean;
  extra?: Labels;
}

const seconds =
  (read: Read): Read =>
  (usage) =>
    read(usage) / nanosecondsPerSecond;

/** What cgroups count, under the names that dashboards for Kubernetes ask for. */
const usageMetrics: readonly UsageMetric[] = [
  {
    name: 'container_cpu_usage_seconds_total',
    help: 'CPU time used.',
    type: 'counter',
    read: seconds((u) => u.cpuNanoseconds),
    extra: { cpu: 'total' },
  },
  {
    name: 'container_cpu_user_seconds_total',
    help: 'CPU time used in user mode.',
    type: 'counter',
    read: seconds((u) => u.cpuUserNanoseconds),
  },
  {
    name: 'container_cpu_system_seconds_total',
    help: 'CPU time used in system mode.',
    type: 'counter',
    read: seconds((u) => u.cpuSystemNanoseconds),
  },
  {
    name: 'container_cpu_cfs_periods_total',
    help: 'Periods in which the CPU limit was in force.',
    type: 'counter',
    read: (u) => u.cfsPeriods,
    limitedOnly: true,
  },
  {
    name: 'container_cpu_cfs_throttled_periods_total',
    help: 'Periods cut short by the CPU limit.',
    type: 'counter',
    read: (u) => u.cfsThrottledPeriods,
    limitedOnly: true,
  },
  {
    name: 'container_cpu_cfs_throttled_seconds_total',
    help: 'Time spent held back by the CPU limit.',
    type: 'counter',
    read: seconds((u) => u.cfsThrottledNanoseconds),
    limitedOnly: true,
  },
  {
    name: 'container_memory_usage_bytes',
    help: 'Memory in use, caches included.',
    type: 'gauge',
    read: (u) => u.memoryUsageBytes,
  },
  {
    name: 'container_memory_working_set_bytes',
    help: 'Memory in use that cannot be dropped at will.',
    type: 'gauge',
    read: (u) => u.memoryWorkingSetBytes,
  },
  { name: 'container_memory_rss', help: 'Anonymous memory.', type: 'gauge', read: (u) => u.memoryRssBytes },
  { name: 'container_memory_cache', help: 'Page cache.', type: 'gauge', read: (u) => u.memoryCacheBytes },
  {
    name: 'container_memory_failcnt',
    help: 'Times that the memory limit was hit.',
    type: 'counter',
    read: (u) => u.memoryFailures,
  },
  { name: 'container_processes', help: 'Processes and threads.', type: 'gauge', read: (u) => u.processes },
];

const networkMetrics: ReadonlyArray<{ name: string; help: string; read: (network: NetworkFigures) => number }> = [
  { name: 'container_network_receive_bytes_total', help: 'Bytes received.', read: (n) => n.receivedBytes },
  { name: 'container_network_receive_packets_total', help: 'Packets received.', read: (n) => n.receivedPackets },
  { name: 'container_network_receive_errors_total', help: 'Errors while receiving.', read: (n) => n.receiveErrors },
  {
    name: 'container_network_receive_packets_dropped_total',
    help: 'Packets dropped while receiving.',
    read: (n) => n.receiveDropped,
  },
  { name: 'container_network_transmit_bytes_total', help: 'Bytes sent.', read: (n) => n.sentBytes },
  { name: 'container_network_transmit_packets_total', help: 'Packets sent.', read: (n) => n.sentPackets },
  { name: 'container_network_transmit_errors_total', help: 'Errors while sending.', read: (n) => n.sendErrors },
  {
    name: 'container_network_transmit_packets_dropped_total',
    help: 'Packets dropped while sending.',
    read: (n) => n.sendDropped,
  },
];

interface Subject {
  labels: Labels;
  usage: CgroupUsage;
}

function podLabels({ pod, cgroup }: PodFigures): Labels {
  return {
    container: '',
    id: cgroup,
    image: '',
    name: '',
    namespace: pod.metadata?.namespace ?? '',
    pod: pod.metadata?.name ?? '',
  };
}

function containerLabels(pod: PodFigures, container: ContainerFigures): Labels {
  return {
    ...podLabels(pod),
    container: container.name,
    id: container.cgroup,
    image: container.container.image,
    name: container.id,
  };
}

function subjects(figures: NodeFigures): Subject[] {
  const root = { container: '', id: figures.root, image: '', name: '', namespace: '', pod: '' };
  return [
    { labels: root, usage: figures.usage },
    ...figures.pods.flatMap((pod) => [
      { labels: podLabels(pod), usage: pod.usage },
      ...pod.containers.map((container) => ({ labels: containerLabels(pod, container), usage: container.usage })),
    ]),
  ];
}

function specFamilies(figures: NodeFigures): Family[] {
  const gauge = (name: string, help: string): Family => ({ name, help, type: 'gauge', samples: [] });
  const memory = gauge('container_spec_memory_limit_bytes', 'Memory limit, 0 for none.');
  const shares = gauge('container_spec_cpu_shares', 'CPU shares.');
  const period = gauge('container_spec_cpu_period', 'Period of the CPU limit in microseconds.');
  const quota = gauge('container_spec_cpu_quota', 'CPU limit in microseconds per period.');
  const started = gauge('container_start_time_seconds', 'When the container started, in seconds since the epoch.');
  for (const pod of figures.pods) {
    for (const container of pod.containers) {
      const labels = containerLabels(pod, container);
      const spec = containerNamed(pod.pod, container.name)?.container;
      const { requests, limits } = containerAmounts(spec ?? { name: container.name });
      memory.samples.push({ labels, value: limits.memoryBytes ?? 0 });
      shares.samples.push({ labels, value: sharesOf(requests.cpuMillis ?? limits.cpuMillis ?? 0) });
      period.samples.push({ labels, value: cpuPeriodUs });
      if (limits.cpuMillis) quota.samples.push({ labels, value: quotaOf(limits.cpuMillis) });
      started.samples.push({ labels, value: container.container.startedAtMs / 1000 });
    }
  }
  return [memory, shares, period, quota, started];
}

/** `/metrics/cadvisor`: everything on the node by cgroup. */
export function cadvisorFamilies(figures: NodeFigures, machine: { cpuMillis: number; memoryBytes: number }): Family[] {
  const all = subjects(figures);
  const usage = usageMetrics.map(({ name, help, type, read, limitedOnly, extra }): Family => {
    const counted = limitedOnly ? all.filter((subject) => subject.usage.cfsPeriods > 0) : all;
    const samples = counted.map((subject) => ({ labels: { ...subject.labels, ...extra }, value: read(subject.usage) }));
    return { name, help, type, samples };
  });
  const network = networkMetrics.map(({ name, help, read }): Family => {
    const samples = figures.pods.flatMap((pod) =>
      pod.network ? [{ labels: { ...podLabels(pod), interface: 'eth0' }, value: read(pod.network) }] : [],
    );
    return { name, help, type: 'counter', samples };
  });
  const alone = (name: string, help: string, value: number): Family => ({
    name,
    help,
    type: 'gauge',
    samples: [{ labels: {}, value }],
  });
  return [
    ...usage,
    ...network,
    ...specFamilies(figures),
    alone('machine_cpu_cores', 'CPUs that the node offers.', machine.cpuMillis / 1000),
    alone('machine_memory_bytes', 'Memory that the node offers.', machine.memoryBytes),
  ];
}

/** `/metrics/resource`: what autoscaling needs and no more. */
export function resourceFamilies(figures: NodeFigures): Family[] {
  const containers = figures.pods.flatMap((pod) =>
    pod.containers.map((container) => {
      const { namespace = '', name = '' } = pod.pod.metadata ?? {};
      return { labels: { container: container.name, namespace, pod: name }, ...container };
    }),
  );
  const pods = figures.pods.map(({ pod, usage }) => ({
    labels: { namespace: pod.metadata?.namespace ?? '', pod: pod.metadata?.name ?? '' },
    usage,
  }));
  const cpu: Read = seconds((usage) => usage.cpuNanoseconds);
  const memory: Read = (usage) => usage.memoryWorkingSetBytes;
  const family = (name: string, type: Family['type'], of: Subject[], read: Read): Family => ({
    name,
    help: `${type === 'counter' ? 'CPU time used' : 'Memory in use that cannot be dropped at will'}.`,
    type,
    samples: of.map(({ labels, usage }) => ({ labels, value: read(usage) })),
  });
  const node = [{ labels: {}, usage: figures.usage }];
  return [
    family('container_cpu_usage_seconds_total', 'counter', containers, cpu),
    family('container_memory_working_set_bytes', 'gauge', containers, memory),
    family('pod_cpu_usage_seconds_total', 'counter', pods, cpu),
    family('pod_memory_working_set_bytes', 'gauge', pods, memory),
    family('node_cpu_usage_seconds_total', 'counter', node, cpu),
    family('node_memory_working_set_bytes', 'gauge', node, memory),
    {
      name: 'container_start_time_seconds',
      help: 'When the container started, in seconds since the epoch.',
      type: 'gauge',
      samples: containers.map(({ labels, container }) => ({ labels, value: container.startedAtMs / 1000 })),
    },
    {
      name: 'resource_scrape_error',
      help: '1 when figures could not be read.',
      type: 'gauge',
      samples: [{ labels: {}, value: 0 }],
    },
  ];
}
