import type { V1HorizontalPodAutoscaler, V2HorizontalPodAutoscaler, V2MetricSpec } from '../../gen/types.ts';
import { newBehavior, newMetrics, newReadings, oldBehavior, oldMetrics, oldReadings } from './carried.ts';

/** What autoscaling/v1 has no fields for travels in annotations. */
const METRICS = 'autoscaling.alpha.kubernetes.io/metrics';
const BEHAVIOR = 'autoscaling.alpha.kubernetes.io/behavior';
const CURRENT_METRICS = 'autoscaling.alpha.kubernetes.io/current-metrics';
const CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const TRAVELLING = [METRICS, BEHAVIOR, CURRENT_METRICS, CONDITIONS];

const CPU_UTILIZATION = 80;

type Annotations = Record<string, string> | undefined;

function cpuUtilization(metric: V2MetricSpec): number | undefined {
  const { type, resource } = metric;
  return type === 'Resource' && resource?.name === 'cpu' ? resource.target?.averageUtilization : undefined;
}

function cpuMetric(averageUtilization: number): V2MetricSpec {
  return { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } };
}

/** What an annotation holds; undefined where it is absent or nobody can read it. */
function carried<O, T>(annotations: Annotations, name: string, read: (old: O) => T): T | undefined {
  try {
    return read(JSON.parse(annotations?.[name] ?? '') as O);
  } catch {
    return undefined;
  }
}

function withoutCarried(annotations: Annotations): Annotations {
  const own = Object.entries(annotations ?? {}).filter(([name]) => !TRAVELLING.includes(name));
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

export function toNewAutoscaler(old: V1HorizontalPodAutoscaler): V2HorizontalPodAutoscaler {
  const annotations = old.metadata?.annotations;
  const { targetCPUUtilizationPercentage: target, ...spec } = old.spec ?? {};
  const { currentCPUUtilizationPercentage: current, ...status } = old.status ?? {};
  const metrics = carried(annotations, METRICS, newMetrics) ?? [];
  if (target !== undefined) metrics.push(cpuMetric(target));
  if (metrics.length === 0) metrics.push(cpuMetric(CPU_UTILIZATION));
  const behavior = carried(annotations, BEHAVIOR, newBehavior);
  const measured = { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: current } } };
  return {
    ...old,
    apiVersion: 'autoscaling/v2',
    metadata: { ...old.metadata, annotations: withoutCarried(annotations) },
    spec: { ...spec, metrics, ...(behavior ? { behavior } : {}) },
    status: {
      ...status,
      // What is zero is not written in v2.
      currentReplicas: old.status?.currentReplicas || undefined,
      conditions: carried(annotations, CONDITIONS, (list) => list),
      currentMetrics: carried(annotations, CURRENT_METRICS, newReadings) ?? (current === undefined ? null : [measured]),
    },
  } as unknown as V2HorizontalPodAutoscaler;
}

export function toOldAutoscaler(stored: V2HorizontalPodAutoscaler): V1HorizontalPodAutoscaler {
  const { metrics = [], behavior, ...spec } = stored.spec ?? {};
  const { conditions, currentMetrics, ...status } = stored.status ?? {};
  const target = metrics.map(cpuUtilization).find((utilization) => utilization !== undefined);
  const measured = currentMetrics?.find(({ resource }) => resource?.name === 'cpu')?.resource?.current;
  const annotations: Record<string, string> = { ...withoutCarried(stored.metadata?.annotations) };
  const others = metrics.filter((metric) => cpuUtilization(metric) === undefined);
  for (const [name, value] of [
    [METRICS, oldMetrics(others)],
    [CURRENT_METRICS, oldReadings(currentMetrics ?? [])],
    [CONDITIONS, conditions],
  ] as const) {
    if (value?.length) annotations[name] = JSON.stringify(value);
  }
  if (behavior) annotations[BEHAVIOR] = JSON.stringify(oldBehavior(behavior));
  return {
    ...stored,
    apiVersion: 'autoscaling/v1',
    metadata: { ...stored.metadata, annotations: Object.keys(annotations).length > 0 ? annotations : undefined },
    spec: { ...spec, targetCPUUtilizationPercentage: target },
    status: {
      ...status,
      currentReplicas: stored.status?.currentReplicas ?? 0,
      currentCPUUtilizationPercentage: measured?.averageUtilization,
    },
  } as unknown as V1HorizontalPodAutoscaler;
}
