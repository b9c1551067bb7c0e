import type { V1PersistentVolumeClaim, V1Pod, V1ResourceQuotaSpec, V1Service } from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { compareQuantities, parseQuantity, type Quantity, scaledUp } from '../quantity/quantity.ts';
import { type Amounts, count } from './amounts.ts';
import { isActive, isPodResource, missingDemands, podUsage } from './pod-usage.ts';
import { claimInScope, inScopes, isBounded, podInScope } from './scopes.ts';

/** A write as quotas see it. */
export interface Change<T extends KubeObject = KubeObject> {
  readonly object: T;
  /** Absent for creations. */
  readonly previous?: T;
  readonly subresource?: string;
}

/** How the objects of one resource count against quotas. */
export interface Measure<T extends KubeObject = KubeObject> {
  /** Whether objects of the resource are counted under this name. */
  counts(name: string): boolean;
  inScopes(spec: V1ResourceQuotaSpec | undefined, object: T): boolean;
  usage(object: T, nowMs: number): Amounts;
  /** Why an object must be refused that does not say enough, by the names that a quota bounds. */
  lacks?(object: T, names: readonly string[]): string | undefined;
  /** Whether an update may count for more than before. */
  mayGrow?(change: Required<Omit<Change<T>, 'subresource'>> & { subresource?: string }): boolean;
  /** Whether an update may count for less than before, or no longer in the same scopes. */
  mayShrink?(object: T, previous: T, nowMs: number): boolean;
}

const podMeasure: Measure<V1Pod> = {
  counts: isPodResource,
  inScopes: (spec, pod) => inScopes(spec, pod, podInScope),
  usage: podUsage,
  lacks: missingDemands,
  mayGrow({ object, previous, subresource }) {
    if (subresource === undefined) return isBounded(object) !== isBounded(previous);
    return subresource === 'resize';
  },
  mayShrink(pod, previous, nowMs) {
    if (isActive(previous, nowMs) && !isActive(pod, nowMs)) return true;
    if (isBounded(previous) !== isBounded(pod)) return true;
    const given = (one: V1Pod) => JSON.stringify(one.status?.containerStatuses?.map(({ resources }) => resources));
    return pod.spec?.nodeName !== undefined && given(pod) !== given(previous);
  },
};

const serviceNames = new Set(['count/services', 'services', 'services.nodeports', 'services.loadbalancers']);

const serviceMeasure: Measure<V1Service> = {
  counts: (name) => serviceNames.has(name),
  inScopes: unscoped,
  usage: (service) =>
    new Map([
      ['count/services', count(1)],
      ['services', count(1)],
      ['services.nodeports', count(nodePorts(service))],
      ['services.loadbalancers', count(service.spec?.type === 'LoadBalancer' ? 1 : 0)],
    ]),
  mayGrow: ({ subresource }) => subresource === undefined,
  mayShrink: (service, previous) =>
    service.spec?.type !== previous.spec?.type || nodePorts(service) !== nodePorts(previous),
};

/** By what is asked for: ports are given out after quotas have been asked. */
function nodePorts({ spec }: V1Service): number {
  const ports = spec?.ports ?? [];
  if (spec?.type === 'NodePort') return ports.length;
  if (spec?.type !== 'LoadBalancer') return 0;
  return spec.allocateLoadBalancerNodePorts === false ? ports.filter(({ nodePort }) => nodePort).length : ports.length;
}

const claimNames = ['persistentvolumeclaims', 'requests.storage'];
const classInfix = '.storageclass.storage.k8s.io/';
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

const claimMeasure: Measure<V1PersistentVolumeClaim> = {
  counts(name) {
    if (name === 'count/persistentvolumeclaims' || claimNames.includes(name)) return true;
    return claimNames.some((own) => name.endsWith(classInfix + own));
  },
  inScopes: (spec, claim) => inScopes(spec, claim, claimInScope),
  usage(claim) {
    const storageClass = claim.metadata?.annotations?.[classAnnotation] ?? claim.spec?.storageClassName;
    const usage = new Map([['count/persistentvolumeclaims', count(1)]]);
    const storage = storageOf(claim);
    for (const prefix of storageClass ? ['', storageClass + classInfix] : ['']) {
      usage.set(`${prefix}persistentvolumeclaims`, count(1));
      if (storage) usage.set(`${prefix}requests.storage`, storage);
    }
    return usage;
  },
  mayGrow: ({ subresource }) => subresource === undefined || subresource === 'status',
  mayShrink: (claim, previous) =>
    claim.status?.allocatedResources?.storage !== previous.status?.allocatedResources?.storage ||
    claim.status?.currentVolumeAttributesClassName !== previous.status?.currentVolumeAttributesClassName,
};

/** What is asked for or, while a volume grows, what has been allocated already; in whole bytes. */
function storageOf({ spec, status }: V1PersistentVolumeClaim): Quantity | undefined {
  const asked = spec?.resources?.requests?.storage;
  if (asked === undefined) return undefined;
  const wanted = parseQuantity(asked);
  const allocated = parseQuantity(status?.allocatedResources?.storage ?? '0');
  const { format, digits, scale, text } = compareQuantities(allocated, wanted) > 0 ? allocated : wanted;
  return scale >= 0
    ? { format, digits, scale, text }
    : { format, digits: scaledUp({ format, digits, scale }, 0), scale: 0 };
}

function unscoped(spec: V1ResourceQuotaSpec | undefined): boolean {
  return inScopes(spec, undefined, () => false);
}

/** Resources that have had a name of their own in quotas from before all could be counted. */
const aliases = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets']);

function objectCount({ group, plural }: Place): Measure {
  const names = [group === '' ? `count/${plural}` : `count/${plural}.${group}`];
  if (group === '' && aliases.has(plural)) names.push(plural);
  const usage = new Map(names.map((name) => [name, count(1)]));
  return { counts: (name) => names.includes(name), inScopes: unscoped, usage: () => usage };
}

export interface Place {
  readonly group: string;
  readonly plural: string;
}

const special = new Map<string, Measure>([
  ['/pods', podMeasure],
  ['/services', serviceMeasure],
  ['/persistentvolumeclaims', claimMeasure],
]);
const counters = new Map<string, Measure>();

/** How a resource counts: some by what they ask for, all by their number. */
export function measureOf(place: Place): Measure {
  const key = `${place.group}/${place.plural}`;
  let measure = special.get(key) ?? counters.get(key);
  if (!measure) {
    measure = objectCount(place);
    counters.set(key, measure);
  }
  return measure;
}
