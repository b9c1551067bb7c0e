import type { V1Deployment, V1Node, V1Pod, V1ReplicaSet, V2HorizontalPodAutoscaler } from '../api/gen/types.ts';
import type { Metrics } from '../base/metrics.ts';
import {
  autoscalerMetrics,
  deploymentMetrics,
  nodeMetrics,
  podMetrics,
  replicaSetMetrics,
  type StateMetric,
} from './samples.ts';

/** The objects as they stand now; asked at every scrape. */
export interface StateSources {
  pods(): Iterable<V1Pod>;
  deployments(): Iterable<V1Deployment>;
  replicaSets(): Iterable<V1ReplicaSet>;
  autoscalers(): Iterable<V2HorizontalPodAutoscaler>;
  nodes(): Iterable<V1Node>;
}

/** Offers the state of the cluster's objects as metrics, under the names of kube-state-metrics. */
export function registerStateMetrics(metrics: Metrics, sources: StateSources): void {
  register(metrics, podMetrics, sources.pods);
  register(metrics, deploymentMetrics, sources.deployments);
  register(metrics, replicaSetMetrics, sources.replicaSets);
  register(metrics, autoscalerMetrics, sources.autoscalers);
  register(metrics, nodeMetrics, sources.nodes);
}

function register<T>(metrics: Metrics, definitions: ReadonlyArray<StateMetric<T>>, objects: () => Iterable<T>): void {
  for (const { name, help, labels, samples } of definitions) {
    metrics.gauge({
      name,
      help,
      labels,
      collect(gauge) {
        gauge.reset();
        for (const object of objects()) for (const sample of samples(object)) gauge.set(sample.value, sample.labels);
      },
    });
  }
}
