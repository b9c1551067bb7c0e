import type { PrinterColumn } from '../../definition.ts';
import type { V2HorizontalPodAutoscaler, V2MetricSpec, V2MetricStatus, V2MetricTarget } from '../../gen/types.ts';
import { ageColumn, nameColumn, text } from '../cells.ts';

const SHOWN_MAX = 2;
const UNKNOWN = '<unknown>';

type Source = 'external' | 'pods' | 'object' | 'resource' | 'containerResource';

const SOURCES: Readonly<Record<string, Source>> = {
  External: 'external',
  Pods: 'pods',
  Object: 'object',
  Resource: 'resource',
  ContainerResource: 'containerResource',
};

function metricCell(spec: V2MetricSpec, status: V2MetricStatus | undefined): string {
  const source = SOURCES[spec.type];
  if (!source) return '<unknown type>';
  const target: Partial<V2MetricTarget> = spec[source]?.target ?? {};
  const current = status?.[source]?.current;
  const prefix = source === 'resource' || source === 'containerResource' ? `${spec[source]?.name}: ` : '';
  if (prefix !== '' && target.averageValue === undefined) {
    const percent = (amount: number | undefined, otherwise: string) =>
      amount === undefined ? otherwise : `${amount}%`;
    return `${prefix}${percent(current?.averageUtilization, UNKNOWN)}/${percent(target.averageUtilization, '<auto>')}`;
  }
  if (target.averageValue === undefined) return `${current?.value ?? UNKNOWN}/${target.value}`;
  const note = source === 'external' || source === 'object' ? ' (avg)' : '';
  return `${prefix}${current?.averageValue ?? UNKNOWN}/${target.averageValue}${note}`;
}

function targetsCell({ spec, status }: V2HorizontalPodAutoscaler): string {
  const cells = (spec?.metrics ?? []).map((metric, i) => metricCell(metric, status?.currentMetrics?.[i]));
  if (cells.length === 0) return '<none>';
  const shown = cells.slice(0, SHOWN_MAX).join(', ');
  return cells.length > SHOWN_MAX ? `${shown} + ${cells.length - SHOWN_MAX} more...` : shown;
}

export const autoscalerColumns: ReadonlyArray<PrinterColumn<V2HorizontalPodAutoscaler>> = [
  nameColumn,
  text('Reference', 'What is scaled.', ({ spec }) => `${spec?.scaleTargetRef.kind}/${spec?.scaleTargetRef.name}`),
  text('Targets', 'Metrics: what is, and what should be.', targetsCell),
  text('MinPods', 'Fewest pods.', ({ spec }) =>
    spec?.minReplicas === undefined ? '<unset>' : String(spec.minReplicas),
  ),
  text('MaxPods', 'Most pods.', ({ spec }) => spec?.maxReplicas ?? 0),
  text('Replicas', 'Pods at the last look.', ({ status }) => status?.currentReplicas ?? 0),
  ageColumn,
];
