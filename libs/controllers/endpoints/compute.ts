import type {
  CoreV1EndpointPort,
  V1EndpointAddress,
  V1EndpointSubset,
  V1Endpoints,
  V1Pod,
  V1Service,
} from '../../api/gen/types.ts';
import { type Backend, backendsOf, hostnameOf, isHeadless } from '../../reconcile/endpoints.ts';

/** Addresses in one Endpoints object; what is more stands only in EndpointSlices. */
export const addressesMax = 1000;

const headlessLabel = 'service.kubernetes.io/headless';
const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const truncatedAnnotation = 'endpoints.kubernetes.io/over-capacity';
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

/** The Endpoints of a service: its pods, grouped by their ports. */
export function compute(service: V1Service, pods: readonly V1Pod[]): V1Endpoints {
  const family = service.spec?.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4';
  const published = backendsOf(service, family, pods, () => undefined)
    // Pods that go are no backends here, unless even those that are not ready are wanted.
    .filter((backend) => !backend.terminating || service.spec?.publishNotReadyAddresses === true);
  const ranked = [...published].sort((a, b) => Number(b.ready) - Number(a.ready));
  const truncated = ranked.length > addressesMax;
  const subsets = subsetsOf(service, ranked.slice(0, addressesMax));
  const { name, namespace, labels } = service.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        [managedByLabel]: 'endpoint-controller',
        ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
      },
      ...(truncated ? { annotations: { [truncatedAnnotation]: 'truncated' } } : {}),
    },
    ...(subsets.length > 0 ? { subsets } : {}),
  };
}

function subsetsOf(service: V1Service, backends: readonly Backend[]): V1EndpointSubset[] {
  const subsets = new Map<string, V1EndpointSubset>();
  for (const backend of backends) {
    // A headless service without ports still has addresses; any other pod must offer a port.
    if (backend.ports.length === 0 && !isHeadless(service)) continue;
    const id = JSON.stringify(backend.ports);
    const subset = subsets.get(id) ?? withPorts(backend);
    subsets.set(id, subset);
    const list = backend.ready ? 'addresses' : 'notReadyAddresses';
    subset[list] = [...(subset[list] ?? []), addressOf(service, backend)];
  }
  const sorted = [...subsets.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, subset]) => subset);
  for (const subset of sorted) {
    for (const list of ['addresses', 'notReadyAddresses'] as const)
      subset[list]?.sort((a, b) => (a.ip < b.ip ? -1 : 1));
  }
  return sorted;
}

function withPorts(backend: Backend): V1EndpointSubset {
  const ports = backend.ports.map(
    ({ name, port, protocol, appProtocol }): CoreV1EndpointPort => ({
      ...(name === '' ? {} : { name }),
      port,
      protocol,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    }),
  );
  return ports.length > 0 ? { ports } : {};
}

function addressOf(service: V1Service, { pod, address }: Backend): V1EndpointAddress {
  const hostname = hostnameOf(service, pod);
  const { namespace, name, uid } = pod.metadata ?? {};
  return {
    ip: address,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

/** Whether two Endpoints say the same; annotations with times do not count. */
export function sameEndpoints(one: V1Endpoints, other: V1Endpoints): boolean {
  const essence = ({ metadata, subsets }: V1Endpoints) =>
    JSON.stringify([
      sortedEntries(metadata?.labels),
      metadata?.annotations?.[truncatedAnnotation],
      (subsets ?? []).map(sortKeys),
    ]);
  return essence(one) === essence(other);
}

const sortedEntries = (map: Record<string, string> | undefined) => Object.entries(map ?? {}).sort();

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => [key, sortKeys(inner)]);
}
