import type {
  V2ContainerResourceMetricSource,
  V2CrossVersionObjectReference,
  V2ExternalMetricSource,
  V2MetricIdentifier,
  V2MetricSpec,
  V2MetricTarget,
  V2ObjectMetricSource,
  V2PodsMetricSource,
  V2ResourceMetricSource,
} from '../../gen/types.ts';
import { amountOf } from '../../validation/amounts.ts';
import { labelSelector } from '../../validation/labels.ts';
import { dnsLabel, pathSegment } from '../../validation/names.ts';
import type { Report } from '../../validation/report.ts';
import { containerResourceName } from '../../validation/resources.ts';
import { all, below, fields, present, type Rule, required, text } from '../../validation/rule.ts';

/** What is scaled or measured. */
export function objectReference(group: 'any' | 'named' | 'unchecked'): Rule<V2CrossVersionObjectReference> {
  return all<V2CrossVersionObjectReference>(
    fields<V2CrossVersionObjectReference>({ kind: required(text(pathSegment)), name: required(text(pathSegment)) }),
    ({ apiVersion = '' }, at) => {
      if (group === 'unchecked') return;
      const slashes = apiVersion.split('/').length - 1;
      if (slashes > 1) at.invalid('must be group/version', 'apiVersion');
      else if (group === 'named' && (slashes === 0 || apiVersion.startsWith('/'))) {
        at.invalid('must name an API group', 'apiVersion');
      }
    },
  );
}

const target: Rule<V2MetricTarget> = (value, at) => {
  if (!value.type) at.required('', 'type');
  if (!['Utilization', 'Value', 'AverageValue'].includes(value.type)) at.invalid('is no type of target', 'type');
  for (const name of ['value', 'averageValue'] as const) {
    if (value[name] !== undefined && amountOf(value[name]) <= 0n) at.invalid('must be positive', name);
  }
  if (value.averageUtilization !== undefined && value.averageUtilization < 1) {
    at.invalid('must be greater than 0', 'averageUtilization');
  }
};

const metric: Rule<V2MetricIdentifier> = fields<V2MetricIdentifier>({
  name: required(text(pathSegment)),
  selector: labelSelector,
});

type Aim = V2MetricTarget | undefined;

function valueOrAverage(aim: Aim, at: Report): void {
  if (aim?.value === undefined && aim?.averageValue === undefined) at.required('or a value', 'target', 'averageValue');
}

function utilizationOrAverage(aim: Aim, at: Report): void {
  if (aim?.averageUtilization === undefined && aim?.averageValue === undefined) {
    at.required('or averageValue', 'target', 'averageUtilization');
  }
  if (aim?.averageUtilization !== undefined && aim.averageValue !== undefined) {
    at.forbidden('excludes averageUtilization', 'target', 'averageValue');
  }
}

const external: Rule<V2ExternalMetricSource> = all<V2ExternalMetricSource>(
  fields<V2ExternalMetricSource>({ metric: present(metric), target: present(target) }),
  (source, at) => {
    valueOrAverage(source.target, at);
    if (source.target?.value !== undefined && source.target.averageValue !== undefined) {
      at.forbidden('excludes averageValue', 'target', 'value');
    }
  },
);

const object: Rule<V2ObjectMetricSource> = all<V2ObjectMetricSource>(
  fields<V2ObjectMetricSource>({
    describedObject: present(objectReference('any')),
    metric: present(metric),
    target: present(target),
  }),
  (source, at) => valueOrAverage(source.target, at),
);

const pods: Rule<V2PodsMetricSource> = all<V2PodsMetricSource>(
  fields<V2PodsMetricSource>({ metric: present(metric), target: present(target) }),
  (source, at) => {
    if (source.target?.averageValue === undefined) at.required('', 'target', 'averageValue');
  },
);

const resource: Rule<V2ResourceMetricSource> = all<V2ResourceMetricSource>(
  fields<V2ResourceMetricSource>({ name: required(), target: present(target) }),
  (source, at) => utilizationOrAverage(source.target, at),
);

const containerResource: Rule<V2ContainerResourceMetricSource> = all<V2ContainerResourceMetricSource>(
  fields<V2ContainerResourceMetricSource>({
    name: required((name, at) => containerResourceName(name, at)),
    container: required(text(dnsLabel)),
    target: present(target),
  }),
  (source, at) => utilizationOrAverage(source.target, at),
);

/** In the order in which they are looked at. */
const SOURCES = { object, external, pods, resource, containerResource } as const;

type SourceName = keyof typeof SOURCES;

const SOURCE_OF_TYPE: Readonly<Record<string, SourceName>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

const TYPES = Object.keys(SOURCE_OF_TYPE);

/** One metric: its type and the source that goes with it, and no other. */
export const metricSpec: Rule<V2MetricSpec> = (spec, at, context) => {
  const expected = SOURCE_OF_TYPE[spec.type ?? ''];
  if (!spec.type) at.required('', 'type');
  if (!expected) at.notSupported(TYPES, 'type');
  const given = (Object.keys(SOURCES) as SourceName[]).filter((name) => spec[name]);
  const first = given[0];
  if (first) below(at, first, spec[first], SOURCES[first] as Rule<unknown>, context);
  if (!expected) at.notSupported(TYPES, 'type');
  else if (!spec[expected]) at.required('', expected);
  if (given.length !== 1) {
    for (const name of given) if (name !== expected) at.forbidden('is not of the type of the metric', name);
  }
};
