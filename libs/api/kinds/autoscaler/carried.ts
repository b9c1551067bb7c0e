import type { V2HorizontalPodAutoscalerBehavior, V2MetricSpec, V2MetricStatus } from '../../gen/types.ts';

/**
 * What autoscaling/v1 carries in annotations: metrics in the words of v1, and behaviour under the names of the server's
 * own fields, which is how upstream writes it and therefore what clients read.
 */
type Members = Record<string, unknown>;

/** A member of v1, where it stands in v2, and what v1 writes when it is absent. */
type Place = readonly [old: string, current: string, absent?: string];
type Places = Readonly<Record<string, readonly Place[]>>;

const named: readonly Place[] = [
  ['metricName', 'metric.name'],
  ['selector', 'metric.selector'],
];
const external: readonly Place[] = [
  ['metricName', 'metric.name'],
  ['metricSelector', 'metric.selector'],
];

const targets: Places = {
  external: [...external, ['targetValue', 'target.value'], ['targetAverageValue', 'target.averageValue']],
  pods: [...named, ['targetAverageValue', 'target.averageValue', '0']],
  object: [
    ['target', 'describedObject'],
    ['metricName', 'metric.name'],
    ['targetValue', 'target.value', '0'],
    ['selector', 'metric.selector'],
    ['averageValue', 'target.averageValue'],
  ],
  resource: [
    ['name', 'name'],
    ['targetAverageUtilization', 'target.averageUtilization'],
    ['targetAverageValue', 'target.averageValue'],
  ],
  containerResource: [
    ['name', 'name'],
    ['targetAverageUtilization', 'target.averageUtilization'],
    ['targetAverageValue', 'target.averageValue'],
    ['container', 'container'],
  ],
};

const readings: Places = {
  external: [...external, ['currentValue', 'current.value', '0'], ['currentAverageValue', 'current.averageValue']],
  pods: [...named, ['currentAverageValue', 'current.averageValue', '0']],
  object: [
    ['target', 'describedObject'],
    ...named,
    ['currentValue', 'current.value', '0'],
    ['averageValue', 'current.averageValue'],
  ],
  resource: [
    ['name', 'name'],
    ['currentAverageUtilization', 'current.averageUtilization'],
    ['currentAverageValue', 'current.averageValue', '0'],
  ],
  containerResource: [
    ['name', 'name'],
    ['currentAverageUtilization', 'current.averageUtilization'],
    ['currentAverageValue', 'current.averageValue', '0'],
    ['container', 'container'],
  ],
};

function at(object: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, step) => (value as Members | undefined)?.[step], object);
}

function put(object: Members, path: string, value: unknown): void {
  const [first = '', second] = path.split('.');
  if (second === undefined) object[first] = value;
  else object[first] = { ...(object[first] as Members | undefined), [second]: value };
}

/** Each metric by the places of its source; a source that nobody knows is left out. */
function each(
  metrics: readonly unknown[],
  places: Places,
  convert: (source: Members, list: readonly Place[]) => Members,
) {
  return metrics.map((metric) => {
    const { type } = metric as { type: string };
    const key = lowered(type);
    const source = (metric as Members)[key] as Members | undefined;
    const list = places[key];
    return source && list ? { type, [key]: convert(source, list) } : { type };
  });
}

function toOld(source: Members, places: readonly Place[]): Members {
  const old: Members = {};
  for (const [name, path, absent] of places) {
    const value = at(source, path) ?? absent;
    if (value !== undefined) old[name] = value;
  }
  return old;
}

function toNew(old: Members, places: readonly Place[]): Members {
  const source: Members = {};
  for (const [name, path] of places) if (old[name] !== undefined) put(source, path, old[name]);
  return source;
}

/** v1 does not say what kind of value a target is, and writes a value of 0 beside averages. */
function withTargetType(metric: Members): Members {
  const [key = ''] = Object.keys(metric).filter((name) => name !== 'type');
  const source = metric[key] as { target?: Members } | undefined;
  if (!source) return metric;
  const { averageUtilization, averageValue, value, ...target } = source.target ?? {};
  const average = key === 'external' ? value === undefined : averageValue !== undefined || key !== 'object';
  const type = averageUtilization !== undefined ? 'Utilization' : average ? 'AverageValue' : 'Value';
  const kept = type === 'AverageValue' && value === '0' ? undefined : value;
  const whole = { type, value: kept, averageValue, averageUtilization, ...target };
  const present = Object.fromEntries(Object.entries(whole).filter(([, member]) => member !== undefined));
  return { ...metric, [key]: { ...source, target: present } };
}

export function oldMetrics(metrics: readonly V2MetricSpec[]): object[] {
  return each(metrics, targets, toOld);
}

export function newMetrics(old: readonly object[]): V2MetricSpec[] {
  return each(old, targets, toNew).map(withTargetType) as unknown as V2MetricSpec[];
}

export function oldReadings(metrics: readonly V2MetricStatus[]): object[] {
  return each(metrics, readings, toOld);
}

export function newReadings(old: readonly object[]): V2MetricStatus[] {
  return each(old, readings, toNew) as unknown as V2MetricStatus[];
}

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);
const lowered = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

function renamed(value: unknown, name: (key: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamed(item, name));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([key, member]) => [name(key), renamed(member, name)]));
}

/** Every field is written, absent ones as null. */
export function oldBehavior({ scaleUp, scaleDown }: V2HorizontalPodAutoscalerBehavior): object {
  const rules = (given: typeof scaleUp) =>
    given
      ? {
          StabilizationWindowSeconds: given.stabilizationWindowSeconds ?? null,
          SelectPolicy: given.selectPolicy ?? null,
          Policies: given.policies ? renamed(given.policies, capitalised) : null,
          Tolerance: given.tolerance ?? null,
        }
      : null;
  return { ScaleUp: rules(scaleUp), ScaleDown: rules(scaleDown) };
}

/** Takes the names in either spelling. */
export function newBehavior(old: object): V2HorizontalPodAutoscalerBehavior {
  return renamed(old, lowered) as V2HorizontalPodAutoscalerBehavior;
}
