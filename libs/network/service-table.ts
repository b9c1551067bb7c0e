import type { V1EndpointSlice, V1Service, V1ServicePort } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';

/** One address behind a service port. */
export interface ServiceEndpoint {
  ip: string;
  port: number;
  /** The node it runs on, when known. */
  nodeName: string | undefined;
}

/** One port of one service with the endpoints that traffic goes to now. */
export interface ServicePort {
  /** `namespace/name:port name`. */
  key: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  port: number;
  nodePort: number | undefined;
  /** Cluster IPs. */
  clusterIps: string[];
  /** External and load balancer IPs. */
  externalIps: string[];
  endpoints: ServiceEndpoint[];
  /** Those on this node, for the policies that ask for them; none when neither does. */
  localEndpoints: ServiceEndpoint[];
  /** How long a client stays with an endpoint; undefined without affinity. */
  affinitySeconds: number | undefined;
  externalLocalOnly: boolean;
  internalLocalOnly: boolean;
}

interface Candidate extends ServiceEndpoint {
  ready: boolean;
  serving: boolean;
  terminating: boolean;
}

const sliceServiceLabel = 'kubernetes.io/service-name';
/** The API's default for sessionAffinityConfig.clientIP.timeoutSeconds. */
const defaultAffinitySeconds = 10_800;

/** What has one of these labels is left to other proxies, or to clients that ask for the endpoints. */
const otherProxyLabels = ['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'];

export function isForOthers({ metadata }: KubeObject): boolean {
  const labels = metadata?.labels;
  return labels !== undefined && otherProxyLabels.some((label) => label in labels);
}

/** Endpoint slices by `namespace/service`. */
export function slicesByService(slices: Iterable<V1EndpointSlice>): Map<string, V1EndpointSlice[]> {
  const byService = new Map<string, V1EndpointSlice[]>();
  for (const slice of slices) {
    const service = slice.metadata?.labels?.[sliceServiceLabel];
    if (!service) continue;
    const key = `${slice.metadata?.namespace}/${service}`;
    const known = byService.get(key);
    if (known) known.push(slice);
    else byService.set(key, [slice]);
  }
  return byService;
}

/** The slices that traffic is led by: those with IPv4 addresses that are not left to others. */
export function routedSlices(slices: Iterable<V1EndpointSlice>): Map<string, V1EndpointSlice[]> {
  return slicesByService([...slices].filter((slice) => slice.addressType === 'IPv4' && !isForOthers(slice)));
}

/**
 * What to route: every port of every service that has an address of its own, in a stable order. The Local traffic
 * policies choose among the endpoints on `nodeName`; on a machine that is no node (undefined) they ask for nothing.
 */
export function computeServicePorts(
  services: Iterable<V1Service>,
  slices: Iterable<V1EndpointSlice>,
  nodeName: string | undefined,
): ServicePort[] {
  const bySlice = routedSlices(slices);
  const ports: ServicePort[] = [];
  for (const service of services) {
    if (!isRouted(service)) continue;
    const key = `${service.metadata?.namespace}/${service.metadata?.name}`;
    ports.push(...portsOf(service, key, { slices: bySlice.get(key) ?? [], nodeName }));
  }
  return ports.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function isRouted(service: V1Service): boolean {
  if (isForOthers(service)) return false;
  const ip = service.spec?.clusterIP;
  return service.spec?.type !== 'ExternalName' && ip !== undefined && ip !== '' && ip !== 'None';
}

function portsOf(
  service: V1Service,
  key: string,
  { slices, nodeName }: { slices: V1EndpointSlice[]; nodeName: string | undefined },
): ServicePort[] {
  const spec = service.spec ?? {};
  const clusterIps = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter(isIpv4);
  const balancerIps = (service.status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip ?? '');
  const externalIps = [...(spec.externalIPs ?? []), ...balancerIps].filter(isIpv4);
  const sticky = spec.sessionAffinity === 'ClientIP';
  const externalLocalOnly = nodeName !== undefined && spec.externalTrafficPolicy === 'Local';
  const internalLocalOnly = nodeName !== undefined && spec.internalTrafficPolicy === 'Local';
  return (spec.ports ?? []).map((port) => ({
    key: `${key}:${port.name ?? ''}`,
    protocol: protocolOf(port.protocol),
    port: port.port,
    nodePort: port.nodePort || undefined,
    clusterIps,
    externalIps,
    ...endpointsOf(candidates(slices, port), externalLocalOnly || internalLocalOnly ? nodeName : undefined),
    affinitySeconds: sticky
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds)
      : undefined,
    externalLocalOnly,
    internalLocalOnly,
  }));
}

function protocolOf(protocol: string | undefined): ServicePort['protocol'] {
  if (protocol === 'UDP') return 'udp';
  return protocol === 'SCTP' ? 'sctp' : 'tcp';
}

function candidates(slices: V1EndpointSlice[], { name = '', protocol = 'TCP' }: V1ServicePort): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const slice of slices) {
    const port = slice.ports?.find((each) => (each.name ?? '') === name && (each.protocol ?? 'TCP') === protocol);
    if (!port?.port) continue;
    for (const endpoint of slice.endpoints ?? []) {
      const ip = endpoint.addresses[0];
      if (!ip) continue;
      const conditions = endpoint.conditions ?? {};
      const ready = conditions.ready ?? true;
      const serving = conditions.serving ?? ready;
      const terminating = conditions.terminating ?? false;
      found.set(`${ip}:${port.port}`, {
        ip,
        port: port.port,
        nodeName: endpoint.nodeName,
        ready,
        serving,
        terminating,
      });
    }
  }
  return [...found.values()];
}

/** The node's own are chosen by themselves: one that is ready elsewhere does not replace one that serves here to the end. */
function endpointsOf(
  all: Candidate[],
  nodeName: string | undefined,
): Pick<ServicePort, 'endpoints' | 'localEndpoints'> {
  const local = nodeName === undefined ? [] : all.filter((endpoint) => endpoint.nodeName === nodeName);
  return { endpoints: chooseEndpoints(all), localEndpoints: chooseEndpoints(local) };
}

/**
 * Ready endpoints, which are terminating ones only where all addresses are published; when there is none, those that
 * still serve while they terminate (KEP-1669).
 */
function chooseEndpoints(all: Candidate[]): ServiceEndpoint[] {
  const ready = all.filter((endpoint) => endpoint.ready);
  const chosen = ready.length > 0 ? ready : all.filter((endpoint) => endpoint.serving && endpoint.terminating);
  return chosen
    .map(({ ip, port, nodeName }) => ({ ip, port, nodeName }))
    .sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port));
}

function isIpv4(address: string): boolean {
  return /^\d+\.\d+\.\d+\.\d+$/.test(address);
}
