import type { V1Endpoint, V1EndpointSlice, V1Node, V1Pod, V1Service } from '../../api/gen/types.ts';
import { services } from '../../api/kinds/service.ts';
import { type Backend, backendsOf, hostnameOf, isHeadless } from '../../reconcile/endpoints.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { type AddressType, type PortGroup, planSlices, type SlicePlan } from './slices.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const managedByLabel = 'endpointslice.kubernetes.io/managed-by';
export const managedBy = 'endpointslice-controller.k8s.io';
const headlessLabel = 'service.kubernetes.io/headless';
const reservedLabels = new Set([serviceNameLabel, managedByLabel, headlessLabel]);

export interface Snapshot {
  service: V1Service;
  /** The pods that it selects. */
  pods: readonly V1Pod[];
  /** Its slices that this controller manages. */
  slices: readonly V1EndpointSlice[];
  nodeOf(name: string): V1Node | undefined;
  /** RFC 3339 time of the change that is being followed. */
  triggerTime?: string;
}

/** The writes that make the slices show who stands behind the service. */
export function compute(snapshot: Snapshot): SlicePlan {
  const { service, slices } = snapshot;
  const families = familiesOf(service);
  const total: SlicePlan = { create: [], update: [], remove: [] };
  total.remove.push(...slices.filter((slice) => !families.includes(slice.addressType as AddressType)));
  for (const addressType of families) {
    const plan = planSlices(
      {
        addressType,
        groups: groupByPorts(service, backendsOf(service, addressType, snapshot.pods, snapshot.nodeOf)),
        metadata: {
          generateName: `${service.metadata?.name}-`,
          namespace: service.metadata?.namespace,
          labels: labelsOf(service),
          ownerReferences: [controllerReference(services, service)],
        },
        ...(snapshot.triggerTime ? { triggerTime: snapshot.triggerTime } : {}),
      },
      slices.filter((slice) => slice.addressType === addressType),
    );
    for (const part of ['create', 'update', 'remove'] as const) total[part].push(...plan[part]);
  }
  return total;
}

function familiesOf(service: V1Service): AddressType[] {
  const families = (service.spec?.ipFamilies ?? []).filter((family) => family === 'IPv4' || family === 'IPv6');
  return families.length > 0 ? families : ['IPv4'];
}

function groupByPorts(service: V1Service, backends: readonly Backend[]): PortGroup[] {
  const groups = new Map<string, PortGroup>();
  for (const backend of backends) {
    const id = JSON.stringify(backend.ports);
    const group = groups.get(id) ?? { ports: backend.ports, endpoints: [] };
    groups.set(id, group);
    group.endpoints.push(endpointOf(service, backend));
  }
  return [...groups.values()];
}

function endpointOf(service: V1Service, { pod, address, ready, serving, terminating, zone }: Backend): V1Endpoint {
  const hostname = hostnameOf(service, pod);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: {
      kind: 'Pod',
      namespace: pod.metadata?.namespace,
      name: pod.metadata?.name,
      uid: pod.metadata?.uid,
    },
    ...(zone === undefined ? {} : { zone }),
  };
}

function labelsOf(service: V1Service): Record<string, string> {
  const own = Object.entries(service.metadata?.labels ?? {}).filter(([key]) => !reservedLabels.has(key));
  return {
    ...Object.fromEntries(own),
    [serviceNameLabel]: service.metadata?.name ?? '',
    [managedByLabel]: managedBy,
    ...(isHeadless(service) ? { [headlessLabel]: '' } : {}),
  };
}
