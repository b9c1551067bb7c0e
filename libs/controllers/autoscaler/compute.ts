import type {
  V1Pod,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerCondition,
  V2HorizontalPodAutoscalerStatus,
  V2MetricStatus,
} from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';
import { applyBehavior, type History, remember } from './behavior.ts';
import { type Judged, judge, type PodMetrics, resourceMetricOf } from './metrics.ts';

const defaultTolerance = 0.1;

export interface Snapshot {
  autoscaler: V2HorizontalPodAutoscaler;
  /** The size that the target asks for. */
  current: number;
  /** The pods that the target selects. */
  pods: readonly V1Pod[];
  /** What they use, or why that is not known. */
  measured: readonly PodMetrics[] | Error;
  history: History;
}

export interface Plan {
  /** The target's size from now on; equal to the current one when nothing is to be done. */
  replicas: number;
  /** Why, for people. */
  reason: string;
  status: V2HorizontalPodAutoscalerStatus;
  warnings: Array<{ reason: string; message: string }>;
  history: History;
}

type Condition = Omit<V2HorizontalPodAutoscalerCondition, 'lastTransitionTime'>;

/** The size that an autoscaler gives its target. */
export function compute(snapshot: Snapshot, nowMs: number): Plan {
  const { autoscaler, current, history } = snapshot;
  const min = autoscaler.spec.minReplicas ?? 1;
  const { maxReplicas: max } = autoscaler.spec;
  const able: Condition = condition('AbleToScale', 'True', 'SucceededGetScale', 'the size of the target is known');
  const done = (replicas: number, reason: string, conditions: Condition[], metrics?: V2MetricStatus[]): Plan => ({
    replicas,
    reason,
    status: statusOf(snapshot, { replicas, conditions, metrics, nowMs }),
    warnings: [],
    history,
  });
  if (current === 0 && min !== 0) {
    const message = 'the target was scaled to zero by hand';
    return done(0, '', [able, condition('ScalingActive', 'False', 'ScalingDisabled', message)]);
  }
  if (current > max) return done(max, 'Current number of replicas above Spec.MaxReplicas', [able]);
  if (current < min) return done(min, 'Current number of replicas below Spec.MinReplicas', [able]);
  return computeByMetrics(snapshot, able, nowMs);
}

function computeByMetrics(snapshot: Snapshot, able: Condition, nowMs: number): Plan {
  const { autoscaler, current, history } = snapshot;
  const { judged, warnings } = judgeAll(snapshot, nowMs);
  const winner = judged.reduce<Judged | undefined>(
    (best, one) => (!best || one.replicas > best.replicas ? one : best),
    undefined,
  );
  // With a metric missing the target may grow by the others, but never shrink.
  if (!winner || (warnings.length > 0 && winner.replicas < current)) {
    const [first] = warnings;
    const inactive = condition(
      'ScalingActive',
      'False',
      first?.reason ?? 'InvalidMetricSourceType',
      first?.message ?? '',
    );
    const message = `no size could be computed: ${first?.message ?? 'no metric'}`;
    return {
      replicas: current,
      reason: '',
      status: statusOf(snapshot, {
        replicas: current,
        conditions: [able, inactive],
        metrics: judged.map(({ status }) => status),
        nowMs,
      }),
      warnings: [...warnings, { reason: 'FailedComputeMetricsReplicas', message }],
      history,
    };
  }
  const verdict = applyBehavior({ autoscaler, current, desired: winner.replicas, history, nowMs });
  const active = condition(
    'ScalingActive',
    'True',
    'ValidMetricFound',
    `the size was computed from ${winner.description}`,
  );
  const stable = condition('AbleToScale', 'True', verdict.ableReason, ableMessages[verdict.ableReason]);
  const bounded = condition(
    'ScalingLimited',
    verdict.limited ? 'True' : 'False',
    verdict.limitedReason,
    limitMessages[verdict.limitedReason],
  );
  return {
    replicas: verdict.replicas,
    reason: verdict.replicas > current ? `${winner.description} above target` : 'All metrics below target',
    status: statusOf(snapshot, {
      replicas: verdict.replicas,
      conditions: [stable, active, bounded],
      metrics: judged.map(({ status }) => status),
      nowMs,
    }),
    warnings,
    history: remember(history, { desired: winner.replicas, from: current, to: verdict.replicas, nowMs }),
  };
}

function judgeAll({ autoscaler, current, pods, measured }: Snapshot, nowMs: number) {
  const judged: Judged[] = [];
  const warnings: Plan['warnings'] = [];
  const { behavior, metrics = [] } = autoscaler.spec;
  const tolerance = {
    up: Number(behavior?.scaleUp?.tolerance ?? defaultTolerance),
    down: Number(behavior?.scaleDown?.tolerance ?? defaultTolerance),
  };
  for (const spec of metrics) {
    const metric = resourceMetricOf(spec);
    if (!metric) {
      warnings.push({ reason: `FailedGet${spec.type}Metric`, message: `metrics of type ${spec.type} need an adapter` });
      continue;
    }
    try {
      if (measured instanceof Error) throw measured;
      judged.push(judge(metric, { pods, currentReplicas: current, tolerance, nowMs }, measured));
    } catch (error) {
      const message = `failed to get ${metric.name} usage: ${error instanceof Error ? error.message : String(error)}`;
      warnings.push({ reason: `FailedGet${spec.type}Metric`, message });
    }
  }
  return { judged, warnings };
}

const ableMessages = {
  ReadyForNewScale: 'the recommended size may be taken',
  ScaleDownStabilized: 'a higher recent recommendation holds',
  ScaleUpStabilized: 'a lower recent recommendation holds',
};

const limitMessages = {
  DesiredWithinRange: 'the desired count is within the acceptable range',
  TooFewReplicas: 'the desired count is below the least allowed',
  TooManyReplicas: 'the desired count is above the most allowed',
  ScaleUpLimit: 'the desired count grows faster than allowed',
  ScaleDownLimit: 'the desired count shrinks faster than allowed',
};

function condition(type: string, status: string, reason: string, message: string): Condition {
  return { type, status, reason, message };
}

interface StatusParts {
  replicas: number;
  conditions: Condition[];
  metrics: V2MetricStatus[] | undefined;
  nowMs: number;
}

function statusOf({ autoscaler, current }: Snapshot, parts: StatusParts): V2HorizontalPodAutoscalerStatus {
  const before = autoscaler.status;
  const lastScaleTime = parts.replicas === current ? before?.lastScaleTime : rfc3339(parts.nowMs);
  const metrics = parts.metrics ?? before?.currentMetrics;
  return {
    observedGeneration: autoscaler.metadata?.generation ?? 0,
    ...(lastScaleTime ? { lastScaleTime } : {}),
    currentReplicas: current,
    desiredReplicas: parts.replicas,
    ...(metrics && metrics.length > 0 ? { currentMetrics: metrics } : {}),
    conditions: withConditions(before?.conditions ?? [], parts.conditions, parts.nowMs),
  };
}

/** Conditions in the order in which they first appeared, with new verdicts in place. */
export function withConditions(
  standing: readonly V2HorizontalPodAutoscalerCondition[],
  wanted: readonly Condition[],
  nowMs: number,
): V2HorizontalPodAutoscalerCondition[] {
  const result = [...standing];
  for (const next of wanted) {
    const at = result.findIndex(({ type }) => type === next.type);
    const before = result[at];
    const lastTransitionTime = before?.status === next.status ? before.lastTransitionTime : rfc3339(nowMs);
    result.splice(at < 0 ? result.length : at, at < 0 ? 0 : 1, { ...next, lastTransitionTime });
  }
  return result;
}
