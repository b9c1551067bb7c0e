import type { Counter, Histogram, Labels, Metrics } from '../../libs/base/metrics.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import { defaultSchedulerName } from '../../libs/scheduling/profiles.ts';
import type { SchedulingQueue } from '../../libs/scheduling/queue.ts';

/** Seconds: from 0.1 ms for a decision to minutes for a pod that had to wait. */
const attemptBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1,
];
const waitingBuckets = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 60, 300];

const attemptCountsMax = 16;
const attemptCounts: readonly Labels[] = Array.from({ length: attemptCountsMax + 1 }, (_, count) =>
  Object.freeze({ attempts: count < attemptCountsMax ? String(count) : `${attemptCountsMax}+` }),
);

type AttemptResult = 'scheduled' | 'unschedulable' | 'error';

interface SizedParts {
  queue: SchedulingQueue;
  cluster: Cluster;
  /** Pods that wait for their scheduling gates to be taken away. */
  gated(): number;
}

/** What the scheduler measures, under kube-scheduler's names. */
export class SchedulerMetrics {
  /** Labels of attempts, by profile; there are few. */
  private readonly labels: Record<AttemptResult, Map<string, Labels>> = {
    scheduled: new Map(),
    unschedulable: new Map(),
    error: new Map(),
  };
  private readonly attempts: Counter;
  private readonly attemptSeconds: Histogram;
  private readonly algorithmSeconds: Histogram;
  private readonly waitingSeconds: Histogram;
  private readonly attemptsPerPod: Histogram;
  private readonly preemptions: Counter;
  private readonly victims: Histogram;

  constructor(metrics: Metrics) {
    this.attempts = metrics.counter({
      name: 'scheduler_schedule_attempts_total',
      help: 'Attempts to place a pod, by the result: scheduled, unschedulable or error.',
      labels: ['result', 'profile'],
    });
    this.attemptSeconds = metrics.histogram({
      name: 'scheduler_scheduling_attempt_duration_seconds',
      help: 'Time from taking a pod out of the queue to its durable binding, or to the refusal.',
      labels: ['result', 'profile'],
      buckets: waitingBuckets,
    });
    this.algorithmSeconds = metrics.histogram({
      name: 'scheduler_scheduling_algorithm_duration_seconds',
      help: 'Time to decide about one pod.',
      buckets: attemptBuckets,
    });
    this.waitingSeconds = metrics.histogram({
      name: 'scheduler_pod_scheduling_sli_duration_seconds',
      help: 'Time from first seeing a pod to its durable binding.',
      labels: ['attempts'],
      buckets: waitingBuckets,
    });
    this.attemptsPerPod = metrics.histogram({
      name: 'scheduler_pod_scheduling_attempts',
      help: 'Attempts that a pod needed.',
      buckets: [1, 2, 4, 8, 16],
    });
    this.preemptions = metrics.counter({
      name: 'scheduler_preemption_attempts_total',
      help: 'Attempts to make room by evicting pods of lower priority.',
    });
    this.victims = metrics.histogram({
      name: 'scheduler_preemption_victims',
      help: 'Pods evicted to make room for one.',
      buckets: [1, 2, 4, 8, 16, 32, 64],
    });
  }

  /** Adds the sizes that are read at each scrape. */
  observeSizes(metrics: Metrics, { queue, cluster, gated }: SizedParts): void {
    metrics.gauge({
      name: 'scheduler_pending_pods',
      help: 'Pods that wait for a node, by queue.',
      labels: ['queue'],
      collect(gauge) {
        for (const name of ['active', 'backoff', 'unschedulable', 'gated'] as const) {
          gauge.set(name === 'gated' ? gated() : queue.count(name), { queue: name });
        }
      },
    });
    metrics.gauge({
      name: 'scheduler_cache_size',
      help: 'Nodes and pods that the scheduler knows of.',
      labels: ['type'],
      collect(gauge) {
        gauge.set(cluster.table.count, { type: 'nodes' });
        gauge.set(cluster.placedCount, { type: 'pods' });
      },
    });
  }

  decided(ms: number): void {
    this.algorithmSeconds.observe(ms / 1000);
  }

  attempted(result: AttemptResult, profile = defaultSchedulerName, ms = 0): void {
    const labels = this.attemptLabels(result, profile);
    this.attempts.add(1, labels);
    this.attemptSeconds.observe(ms / 1000, labels);
  }

  scheduled(waitedMs: number, attempts: number): void {
    this.waitingSeconds.observe(waitedMs / 1000, attemptCounts[Math.min(attempts, attemptCountsMax)]!);
    this.attemptsPerPod.observe(attempts);
  }

  /** The same frozen object each time: the metrics find their place by it, which spares putting the labels in words. */
  private attemptLabels(result: AttemptResult, profile: string): Labels {
    const known = this.labels[result].get(profile);
    if (known !== undefined) return known;
    const labels = Object.freeze({ result, profile });
    this.labels[result].set(profile, labels);
    return labels;
  }

  preempted(victims: number): void {
    this.preemptions.add(1);
    if (victims > 0) this.victims.observe(victims);
  }
}
