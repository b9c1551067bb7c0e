import type { V1APIService, V1EndpointSlice, V1Service } from '../../../libs/api/gen/types.ts';
import type { ObjectReader } from '../../../libs/cache/object-reader.ts';
import { serviceHost } from '../../../libs/webhook/agents.ts';
import type { AggregatedApi } from './aggregated-apis.ts';

/** Whether an aggregated API answers, and if not, why. */
export interface Availability {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

const serviceNameLabel = 'kubernetes.io/service-name';

/** What the cluster's own objects say about a server, before anybody asks it: undefined when nothing speaks against it. */
export function backendProblem({ service }: AggregatedApi, objects: ObjectReader): Availability | undefined {
  const { namespace, name, port } = service;
  const no = (reason: string, message: string): Availability => ({ status: 'False', reason, message });
  const found = objects.get<V1Service>('', 'services', `${namespace}/${name}`);
  if (!found) return no('ServiceNotFound', `service/${name} in "${namespace}" is not present`);
  if (found.spec?.type === 'ExternalName') return undefined;
  const wanted = found.spec?.ports?.find((one) => one.port === port);
  if (!wanted) return no('ServicePortError', `service/${name} in "${namespace}" is not listening on port ${port}`);
  const slices = objects
    .list<V1EndpointSlice>('discovery.k8s.io', 'endpointslices', namespace)
    .filter(({ metadata }) => metadata?.labels?.[serviceNameLabel] === name);
  if (slices.length === 0) {
    return no('EndpointsNotFound', `cannot find endpointslices for service/${name} in "${namespace}"`);
  }
  const ready = slices.some(
    ({ ports, endpoints }) =>
      ports?.some((one) => (one.name ?? '') === (wanted.name ?? '')) &&
      endpoints?.some(({ conditions }) => conditions?.ready !== false),
  );
  if (ready) return undefined;
  const message = `endpoints for service/${name} in "${namespace}" have no addresses with port name "${wanted.name ?? ''}"`;
  return no('MissingEndpoints', message);
}

export const passed: Availability = { status: 'True', reason: 'Passed', message: 'all checks passed' };

export const local: Availability = {
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
};

export function discoveryFailure({ service, group, version }: AggregatedApi, why: string): Availability {
  const url = `https://${serviceHost(service)}:${service.port}/apis/${group}/${version}`;
  const message = `failing or missing response from ${url}: ${why}`;
  return { status: 'False', reason: 'FailedDiscoveryCheck', message };
}

/** The object with the condition; undefined when it says so already. */
export function withAvailability(
  object: V1APIService,
  availability: Availability,
  now: string,
): V1APIService | undefined {
  const conditions = object.status?.conditions ?? [];
  const known = conditions.find(({ type }) => type === 'Available');
  const { status, reason, message } = availability;
  if (known?.status === status && known.reason === reason && known.message === message) return undefined;
  const lastTransitionTime = known?.status === status ? known.lastTransitionTime : now;
  const others = conditions.filter((one) => one !== known);
  return { ...object, status: { conditions: [...others, { type: 'Available', ...availability, lastTransitionTime }] } };
}
