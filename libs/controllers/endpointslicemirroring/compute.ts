import type {
  V1Endpoint,
  V1EndpointAddress,
  V1EndpointSlice,
  V1EndpointSubset,
  V1Endpoints,
  V1Service,
} from '../../api/gen/types.ts';
import { endpoints } from '../../api/kinds/endpoints.ts';
import { controllerReference } from '../../reconcile/ownership.ts';

export const addressesPerSubsetMax = 1000;
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managedBy = 'endpointslicemirroring-controller.k8s.io';
export const serviceNameLabel = 'kubernetes.io/service-name';

const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const notMirrored = new Set([
  'endpoints.kubernetes.io/last-change-trigger-time',
  'kubectl.kubernetes.io/last-applied-configuration',
]);

/** Whether people, and no controller, say who stands behind the service. */
export function isMirrored(source: V1Endpoints | undefined, service: V1Service | undefined): source is V1Endpoints {
  if (!source || !service || Object.keys(service.spec?.selector ?? {}).length > 0) return false;
  const skipped =
    source.metadata?.labels?.[skipLabel] === 'true' || source.metadata?.annotations?.[leaderAnnotation] !== undefined;
  return !skipped && !source.metadata?.deletionTimestamp;
}

/** The slices that say the same as the Endpoints; one for each subset and address family. */
export function compute(source: V1Endpoints): V1EndpointSlice[] {
  const slices: V1EndpointSlice[] = [];
  for (const subset of source.subsets ?? []) {
    for (const addressType of ['IPv4', 'IPv6'] as const) {
      const here = endpointsOf(subset).filter(
        ({ addresses }) => addresses[0]?.includes(':') === (addressType === 'IPv6'),
      );
      if (here.length > 0) slices.push(sliceOf(source, subset, addressType, here.slice(0, addressesPerSubsetMax)));
    }
  }
  return slices;
}

function endpointsOf(subset: V1EndpointSubset): V1Endpoint[] {
  const of = (addresses: readonly V1EndpointAddress[] | undefined, ready: boolean) =>
    (addresses ?? []).map(({ ip, hostname, nodeName, targetRef }) => ({
      addresses: [ip],
      conditions: { ready },
      ...(hostname ? { hostname } : {}),
      ...(nodeName ? { nodeName } : {}),
      ...(targetRef ? { targetRef } : {}),
    }));
  return [...of(subset.addresses, true), ...of(subset.notReadyAddresses, false)];
}

function sliceOf(
  source: V1Endpoints,
  subset: V1EndpointSubset,
  addressType: string,
  found: V1Endpoint[],
): V1EndpointSlice {
  const { name, namespace, labels, annotations } = source.metadata ?? {};
  const kept = Object.fromEntries(Object.entries(annotations ?? {}).filter(([key]) => !notMirrored.has(key)));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: { ...labels, [serviceNameLabel]: name ?? '', [managedByLabel]: managedBy },
      ...(Object.keys(kept).length > 0 ? { annotations: kept } : {}),
      ownerReferences: [controllerReference(endpoints, source)],
    },
    addressType,
    endpoints: found,
    ports: (subset.ports ?? []).map(({ name: port = '', ...rest }) => ({ name: port, protocol: 'TCP', ...rest })),
  };
}

/** Whether two slices say the same, whatever their names. */
export function sameSlice(one: V1EndpointSlice, other: V1EndpointSlice): boolean {
  const essence = ({ metadata, addressType, endpoints: listed, ports }: V1EndpointSlice) =>
    JSON.stringify([
      addressType,
      (listed ?? []).map((e) => [
        e.addresses,
        e.conditions?.ready,
        e.hostname,
        e.nodeName,
        e.targetRef?.uid,
        e.targetRef?.name,
      ]),
      (ports ?? []).map((port) => [port.name ?? '', port.port, port.protocol ?? 'TCP', port.appProtocol]),
      Object.entries(metadata?.labels ?? {}).sort(),
      Object.entries(metadata?.annotations ?? {}).sort(),
    ]);
  return essence(one) === essence(other);
}
