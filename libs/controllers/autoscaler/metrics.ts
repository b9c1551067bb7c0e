import type { V1Container, V1Pod, V2MetricSpec, V2MetricStatus, V2MetricTarget } from '../../api/gen/types.ts';
import type { KubeObject, Resource } from '../../api/meta.ts';
import { milliValue, quantityOfMillis } from '../../api/quantity/amounts.ts';
import { type Goal, type MetricInput, type Proposal, proposeReplicas, type Sample } from './replicas.ts';

/** metrics.k8s.io's account of one pod. */
export interface PodMetrics extends KubeObject {
  timestamp: string;
  /** A Go duration such as `15s`. */
  window: string;
  containers: Array<{ name: string; usage: Record<string, string> }>;
}

export const podMetrics: Resource<PodMetrics> = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  kind: 'PodMetrics',
  plural: 'pods',
  namespaced: true,
};

/** One metric that can be judged: a resource of whole pods, or of one container in each. */
export interface ResourceMetric {
  name: string;
  container?: string;
  target: V2MetricTarget;
}

/** The resource metric in a specification; undefined for kinds that need an adapter which is not there. */
export function resourceMetricOf(spec: V2MetricSpec): ResourceMetric | undefined {
  if (spec.type === 'Resource') return spec.resource;
  return spec.type === 'ContainerResource' ? spec.containerResource : undefined;
}

/** Milliseconds of a duration such as `1m30s` or `15.5s`. */
export function durationMs(text: string): number {
  const unitMs: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };
  let sum = 0;
  for (const [, count, unit] of text.matchAll(/([\d.]+)(h|ms|m|s|us|µs|ns)/g))
    sum += Number(count) * (unitMs[unit ?? ''] ?? 0);
  return sum;
}

/** What each pod uses; pods whose containers are not all measured are left out. */
export function samplesOf(metric: ResourceMetric, measured: readonly PodMetrics[]): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const pod of measured) {
    const containers = pod.containers.filter(({ name }) => metric.container === undefined || name === metric.container);
    const usages = containers.map(({ usage }) => usage[metric.name]);
    if (usages.length === 0 || usages.some((usage) => usage === undefined)) continue;
    samples.set(pod.metadata?.name ?? '', {
      value: usages.reduce((sum, usage) => sum + milliValue(usage ?? 0), 0),
      timestampMs: Date.parse(pod.timestamp),
      windowMs: durationMs(pod.window),
    });
  }
  return samples;
}

/** @throws Error that names the container without a request. */
function requestsOf(metric: ResourceMetric, pod: V1Pod): number {
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  const containers: V1Container[] = [...(pod.spec?.containers ?? []), ...sidecars].filter(
    ({ name }) => metric.container === undefined || name === metric.container,
  );
  if (containers.length === 0)
    throw new Error(`container ${metric.container} not present in pod ${pod.metadata?.name}`);
  return containers.reduce((sum, container) => {
    const request = container.resources?.requests?.[metric.name];
    if (request !== undefined) return sum + milliValue(request);
    throw new Error(`missing request for ${metric.name} in container ${container.name} of Pod ${pod.metadata?.name}`);
  }, 0);
}

export interface Judged extends Proposal {
  status: V2MetricStatus;
  /** In words, such as `cpu resource utilization (percentage of request)`. */
  description: string;
}

/** How many replicas one metric asks for. @throws Error that says why it cannot be judged. */
export function judge(
  metric: ResourceMetric,
  input: Omit<MetricInput, 'metric' | 'samples'>,
  measured: readonly PodMetrics[],
): Judged {
  const { target } = metric;
  const percent = target.averageUtilization;
  const goal: Goal =
    percent === undefined
      ? { type: 'AverageValue', value: milliValue(target.averageValue ?? 0) }
      : { type: 'Utilization', percent, requestOf: (pod) => requestsOf(metric, pod) };
  const proposal = proposeReplicas({ ...input, metric: metric.name, samples: samplesOf(metric, measured) }, goal);
  const what = metric.container === undefined ? `${metric.name} resource` : `${metric.name} container resource`;
  const description = percent === undefined ? what : `${what} utilization (percentage of request)`;
  return { ...proposal, status: statusOf(metric, proposal), description };
}

function statusOf(metric: ResourceMetric, { averageValue, averageUtilization }: Proposal): V2MetricStatus {
  const current = {
    averageValue: quantityOfMillis(Math.round(averageValue)),
    ...(averageUtilization === undefined ? {} : { averageUtilization }),
  };
  if (metric.container === undefined) return { type: 'Resource', resource: { name: metric.name, current } };
  return { type: 'ContainerResource', containerResource: { name: metric.name, container: metric.container, current } };
}
