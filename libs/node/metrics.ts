import type { Histogram, Metrics } from '../base/metrics.ts';
import type { RuntimeView } from './view.ts';

const startBuckets = [0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 10, 20, 30, 60, 120, 300];

export interface NodeMetrics {
  /** Seconds from a pod's creation to its phase Running, pulls included. */
  podStart: Histogram;
}

/** Registers what the agent measures of itself, under the names that dashboards for nodes ask for. */
export function registerNodeMetrics(metrics: Metrics, view: RuntimeView, nodeName: string): NodeMetrics {
  metrics.gauge({
    name: 'kubelet_running_pods',
    help: 'Pods that have a sandbox.',
    collect: (gauge) => {
      const pods = view.identities().map(({ uid }) => view.pod(uid));
      gauge.set(pods.filter(({ sandboxes }) => sandboxes[0]?.ready).length);
    },
  });
  metrics.gauge({
    name: 'kubelet_running_containers',
    help: 'Containers by their state.',
    labels: ['container_state'],
    collect: (gauge) => {
      const containers = view.identities().flatMap(({ uid }) => view.pod(uid).containers);
      for (const state of ['created', 'running', 'exited', 'unknown']) {
        const count = containers.filter((container) => container.state === state).length;
        gauge.set(count, { container_state: state });
      }
    },
  });
  metrics
    .gauge({ name: 'kubelet_node_name', help: 'The node, always 1.', labels: ['node'] })
    .set(1, { node: nodeName });
  return {
    podStart: metrics.histogram({
      name: 'kubelet_pod_start_duration_seconds',
      help: 'Seconds from a pod being created to its running.',
      buckets: startBuckets,
    }),
  };
}
