import type { Counter, Histogram, Metrics } from '../base/metrics.ts';

/** What a queue tells of itself at the moment of a scrape. */
export interface QueueState {
  readonly name: string;
  readonly depth: number;
  /** Seconds of work in progress, summed over the workers and for the longest of them. */
  unfinishedSeconds(): { total: number; longest: number };
}

/** The work queue metrics under the names that Kubernetes' dashboards know. */
export interface QueueMetrics {
  adds: Counter;
  retries: Counter;
  queueSeconds: Histogram;
  workSeconds: Histogram;
  register(queue: QueueState): void;
}

const secondsBuckets = [1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100] as const;
const known = new WeakMap<Metrics, QueueMetrics>();

/** The metrics shared by all queues that report to `metrics`. */
export function queueMetrics(metrics: Metrics): QueueMetrics {
  const existing = known.get(metrics);
  if (existing) return existing;
  const made = register(metrics);
  known.set(metrics, made);
  return made;
}

function register(metrics: Metrics): QueueMetrics {
  const queues: QueueState[] = [];
  const labels = ['name'] as const;
  const gauge = (name: string, help: string, read: (queue: QueueState) => number) =>
    metrics.gauge({
      name,
      help,
      labels,
      collect: (target) => {
        for (const queue of queues) target.set(read(queue), { name: queue.name });
      },
    });
  gauge('workqueue_depth', 'Keys that wait for a worker', (queue) => queue.depth);
  gauge(
    'workqueue_unfinished_work_seconds',
    'Seconds of work in progress that work_duration has not seen yet',
    (queue) => queue.unfinishedSeconds().total,
  );
  gauge(
    'workqueue_longest_running_processor_seconds',
    'Seconds that the longest running worker has spent on its key',
    (queue) => queue.unfinishedSeconds().longest,
  );
  const histogram = (name: string, help: string) => metrics.histogram({ name, help, labels, buckets: secondsBuckets });
  return {
    adds: metrics.counter({ name: 'workqueue_adds_total', help: 'Keys added', labels }),
    retries: metrics.counter({ name: 'workqueue_retries_total', help: 'Keys added again after a failure', labels }),
    queueSeconds: histogram('workqueue_queue_duration_seconds', 'Seconds that a key waits for a worker'),
    workSeconds: histogram('workqueue_work_duration_seconds', 'Seconds that the work on a key takes'),
    register: (queue) => queues.push(queue),
  };
}
