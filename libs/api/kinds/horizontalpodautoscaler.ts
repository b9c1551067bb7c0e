import type { FieldError, ResourceDefinition } from '../definition.ts';
import type {
  V1HorizontalPodAutoscaler,
  V2HorizontalPodAutoscaler,
  V2HorizontalPodAutoscalerBehavior,
  V2HorizontalPodAutoscalerSpec,
  V2HPAScalingPolicy,
  V2HPAScalingRules,
} from '../gen/types.ts';
import { amountOf } from '../validation/amounts.ts';
import { metadataUpdate, namespacedMetadata } from '../validation/metadata.ts';
import { Report } from '../validation/report.ts';
import {
  all,
  alwaysOneOf,
  below,
  each,
  fields,
  isEmpty,
  oneOf,
  orZero,
  positive,
  type Rule,
  required,
} from '../validation/rule.ts';
import { counters } from '../validation/workload.ts';
import { autoscalerColumns } from './autoscaler/columns.ts';
import { toNewAutoscaler, toOldAutoscaler } from './autoscaler/conversion.ts';
import { metricSpec, objectReference } from './autoscaler/metrics.ts';
import { ownStatus } from './strategy.ts';

const PERIOD_SECONDS_MAX = 1800;
const WINDOW_SECONDS_MAX = 3600;
const CPU_UTILIZATION = 80;

const policy: Rule<V2HPAScalingPolicy> = fields<V2HPAScalingPolicy>({
  type: alwaysOneOf(['Percent', 'Pods']),
  value: orZero(positive),
  periodSeconds: orZero((seconds, at) => {
    if (seconds <= 0) at.invalid('must be greater than zero');
    if (seconds > PERIOD_SECONDS_MAX) at.invalid(`must be at most ${PERIOD_SECONDS_MAX}`);
  }),
});

const scalingRules: Rule<V2HPAScalingRules> = fields<V2HPAScalingRules>({
  stabilizationWindowSeconds: (seconds: number, at) => {
    if (seconds < 0) at.invalid('must not be negative');
    if (seconds > WINDOW_SECONDS_MAX) at.invalid(`must be at most ${WINDOW_SECONDS_MAX}`);
  },
  selectPolicy: oneOf(['Disabled', 'Max', 'Min']),
  policies: required(each(policy)),
  tolerance: (tolerance: string, at) => {
    if (amountOf(tolerance) < 0n) at.invalid('must not be negative');
  },
});

const bounds: Rule<V2HorizontalPodAutoscalerSpec> = ({ minReplicas, maxReplicas = 0 }, at) => {
  if (minReplicas !== undefined && minReplicas < 1) at.invalid('must be at least 1', 'minReplicas');
  if (maxReplicas === 0) at.required('', 'maxReplicas');
  else if (maxReplicas < 0) at.invalid('must be at least 1', 'maxReplicas');
  if (minReplicas !== undefined && maxReplicas < minReplicas) at.invalid('must be at least minReplicas', 'maxReplicas');
};

/** A target that was accepted once stays acceptable; the only kind of the core group that scales is an old one. */
function targetRule(
  spec: V2HorizontalPodAutoscalerSpec,
  before: V2HorizontalPodAutoscalerSpec | undefined,
): ReturnType<typeof objectReference> {
  const [now, old] = [spec.scaleTargetRef, before?.scaleTargetRef];
  if (old && now?.apiVersion === old.apiVersion && now?.kind === old.kind) return objectReference('unchecked');
  return objectReference(now?.kind === 'ReplicationController' ? 'any' : 'named');
}

const rest: Rule<V2HorizontalPodAutoscalerSpec> = fields<V2HorizontalPodAutoscalerSpec>({
  metrics: all<readonly NonNullable<V2HorizontalPodAutoscalerSpec['metrics']>[number][]>(each(metricSpec)),
  behavior: fields<V2HorizontalPodAutoscalerBehavior>({ scaleUp: scalingRules, scaleDown: scalingRules }),
});

function zeroNeedsOutsideMetric(spec: V2HorizontalPodAutoscalerSpec, at: Report): void {
  const outside = spec.metrics?.some((metric) => metric.type === 'Object' || metric.type === 'External');
  if (spec.minReplicas === 0 && !outside) at.forbidden('scaling to zero needs an Object or External metric', 'metrics');
}

/** What holds for the specification, in whichever version it was written. */
export function autoscalerSpec(
  spec: V2HorizontalPodAutoscalerSpec,
  before: V2HorizontalPodAutoscalerSpec | undefined,
  at: Report,
): void {
  at.enter('spec');
  bounds(spec, at, undefined);
  below(at, 'scaleTargetRef', spec.scaleTargetRef, targetRule(spec, before), undefined);
  rest(spec, at, undefined);
  zeroNeedsOutsideMetric(spec, at);
  at.leave();
}

export function validateAutoscaler(autoscaler: V2HorizontalPodAutoscaler): FieldError[] {
  const at = new Report();
  at.enter('metadata');
  namespacedMetadata(autoscaler.metadata ?? {}, at, undefined);
  at.leave();
  autoscalerSpec(autoscaler.spec ?? ({} as V2HorizontalPodAutoscalerSpec), undefined, at);
  return at.errors;
}

export function validateAutoscalerUpdate(
  autoscaler: V2HorizontalPodAutoscaler,
  previous: V2HorizontalPodAutoscaler,
): FieldError[] {
  const at = new Report();
  metadataUpdate(autoscaler, previous, at);
  autoscalerSpec(autoscaler.spec ?? ({} as V2HorizontalPodAutoscalerSpec), previous.spec, at);
  return at.errors;
}

const status = counters<{ currentReplicas?: number; desiredReplicas?: number }>(['currentReplicas', 'desiredReplicas']);

const SCALE_UP: V2HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};

const SCALE_DOWN: V2HPAScalingRules = {
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
};

function setDefaults({ spec }: V2HorizontalPodAutoscaler): void {
  if (!spec) return;
  spec.minReplicas ??= 1;
  if (isEmpty(spec.metrics)) {
    const target = { type: 'Utilization', averageUtilization: CPU_UTILIZATION };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  if (!spec.behavior) return;
  const { behavior } = spec;
  for (const [direction, rules] of [['scaleUp', SCALE_UP] as const, ['scaleDown', SCALE_DOWN] as const]) {
    const given: object = behavior[direction] ?? {};
    const isWhole = Object.keys(rules).every((name) => name in given);
    if (!isWhole) behavior[direction] = { ...structuredClone(rules), ...given };
  }
}

const NAMES = {
  group: 'autoscaling',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  singular: 'horizontalpodautoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  namespaced: true,
} as const;

function validateStatus(autoscaler: V2HorizontalPodAutoscaler, previous: V2HorizontalPodAutoscaler): FieldError[] {
  const at = new Report();
  metadataUpdate(autoscaler, previous, at);
  status(autoscaler.status, at);
  return at.errors;
}

export const horizontalpodautoscalers: ResourceDefinition<V2HorizontalPodAutoscaler> = {
  ...NAMES,
  version: 'v2',
  type: 'V2HorizontalPodAutoscaler',
  ...ownStatus<V2HorizontalPodAutoscaler>('V2HorizontalPodAutoscalerStatus'),
  setDefaults,
  validate: validateAutoscaler,
  validateUpdate: validateAutoscalerUpdate,
  validateStatusUpdate: validateStatus,
  columns: autoscalerColumns,
};

/** The same autoscalers in the words of their first version, which knows CPU only. */
export const firstAutoscalers: ResourceDefinition<V1HorizontalPodAutoscaler> = {
  ...NAMES,
  version: 'v1',
  type: 'V1HorizontalPodAutoscaler',
  ...ownStatus<V1HorizontalPodAutoscaler>('V1HorizontalPodAutoscalerStatus'),
  storedAs: {
    resource: horizontalpodautoscalers,
    toStored: (old) => toNewAutoscaler(old as V1HorizontalPodAutoscaler),
    fromStored: (stored) => toOldAutoscaler(stored as V2HorizontalPodAutoscaler),
  },
  setDefaults(old) {
    const { spec } = old;
    if (!spec) return;
    spec.minReplicas ??= 1;
    // Where nothing is measured, the newer version measures the CPU.
    spec.targetCPUUtilizationPercentage ??= toOldAutoscaler(toNewAutoscaler(old)).spec?.targetCPUUtilizationPercentage;
  },
  validate: (old) => validateAutoscaler(toNewAutoscaler(old)),
  validateUpdate: (old, previous) => validateAutoscalerUpdate(toNewAutoscaler(old), toNewAutoscaler(previous)),
  validateStatusUpdate: (old, previous) => validateStatus(toNewAutoscaler(old), toNewAutoscaler(previous)),
  columns: autoscalerColumns.map(({ cell, ...column }) => ({ ...column, cell: (old) => cell(toNewAutoscaler(old)) })),
};
