import type { V1Node, V1Pod, V1Service, V1ServicePort } from '../api/gen/types.ts';
import { isPodReady, isPodTerminal } from './pods.ts';

/** One port of a service as one pod offers it. */
export interface ResolvedPort {
  name: string;
  port: number;
  protocol: string;
  appProtocol?: string;
}

/** One pod behind a service, with one address. */
export interface Backend {
  pod: V1Pod;
  address: string;
  ports: ResolvedPort[];
  ready: boolean;
  serving: boolean;
  terminating: boolean;
  zone?: string;
}

export const isHeadless = (service: V1Service): boolean => service.spec?.clusterIP === 'None';

/** The ports of the service on this pod; a named target port that the pod does not have is left out. */
export function resolvePorts(service: V1Service, pod: V1Pod): ResolvedPort[] {
  const ports: ResolvedPort[] = [];
  for (const port of service.spec?.ports ?? []) {
    const number = targetPort(port, pod);
    if (number === undefined) continue;
    const { name = '', protocol = 'TCP', appProtocol } = port;
    ports.push({ name, port: number, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) });
  }
  return ports;
}

function targetPort(port: V1ServicePort, pod: V1Pod): number | undefined {
  const target = port.targetPort ?? port.port;
  if (typeof target === 'number') return target;
  if (/^\d+$/.test(target)) return Number(target);
  const sidecars = (pod.spec?.initContainers ?? []).filter((container) => container.restartPolicy === 'Always');
  return [...(pod.spec?.containers ?? []), ...sidecars]
    .flatMap((container) => container.ports ?? [])
    .find((candidate) => candidate.name === target && (candidate.protocol ?? 'TCP') === (port.protocol ?? 'TCP'))
    ?.containerPort;
}

const isIPv6 = (address: string) => address.includes(':');

/** The pods that stand behind the service with an address of the family; ended ones do not. */
export function backendsOf(
  service: V1Service,
  family: 'IPv4' | 'IPv6',
  candidates: readonly V1Pod[],
  nodeOf: (name: string) => V1Node | undefined,
): Backend[] {
  const publishAll = service.spec?.publishNotReadyAddresses === true;
  const backends: Backend[] = [];
  for (const pod of candidates) {
    if (isPodTerminal(pod)) continue;
    const addresses = pod.status?.podIPs?.map((entry) => entry.ip) ?? [pod.status?.podIP ?? ''];
    const address = addresses.find((candidate) => candidate !== '' && isIPv6(candidate) === (family === 'IPv6'));
    if (!address) continue;
    const serving = isPodReady(pod);
    const terminating = pod.metadata?.deletionTimestamp !== undefined;
    const zone = nodeOf(pod.spec?.nodeName ?? '')?.metadata?.labels?.['topology.kubernetes.io/zone'];
    backends.push({
      pod,
      address,
      ports: resolvePorts(service, pod),
      ready: publishAll || (serving && !terminating),
      serving,
      terminating,
      ...(zone === undefined ? {} : { zone }),
    });
  }
  return backends.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** The pod's host name, where the service is the one that publishes it. */
export function hostnameOf(service: V1Service, pod: V1Pod): string | undefined {
  const published = pod.spec?.hostname && pod.spec.subdomain === service.metadata?.name;
  return published ? pod.spec?.hostname : undefined;
}

/** All of a pod that can change what stands behind a service. */
export function backendFingerprint(pod: V1Pod): string {
  const { status, spec, metadata } = pod;
  const node = [spec?.nodeName, spec?.hostname, spec?.subdomain];
  const life = [isPodReady(pod), isPodTerminal(pod), metadata?.deletionTimestamp !== undefined];
  return JSON.stringify([metadata?.labels, status?.podIP, status?.podIPs, ...node, ...life]);
}
