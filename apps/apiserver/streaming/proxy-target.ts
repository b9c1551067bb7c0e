import type { V1EndpointAddress, V1Pod } from '../../../libs/api/gen/types.ts';
import { endpoints } from '../../../libs/api/kinds/endpoints.ts';
import { pods } from '../../../libs/api/kinds/pod.ts';
import { services } from '../../../libs/api/kinds/service.ts';
import type { Random } from '../../../libs/base/random.ts';
import { isStatus, StatusError } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';

/** A port in a pod, and how to speak to it. */
export interface ProxyTarget {
  secure: boolean;
  pod: V1Pod;
  port: number;
}

const defaultPorts = { http: 80, https: 443 };

/** `name`, `name:port` or `scheme:name:port`. @throws StatusError BadRequest */
export function parseProxyName(kind: string, id: string): { scheme: 'http' | 'https'; name: string; port: string } {
  const parts = id.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme ?? '')) {
    throw new StatusError('BadRequest', `invalid ${kind} request ${JSON.stringify(id)}`);
  }
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port: port ?? '' };
}

/** The pod that the name means, and the port that it names or the first that the pod declares. */
export async function podTarget(client: Client, namespace: string | undefined, id: string): Promise<ProxyTarget> {
  const { scheme, name, port } = parseProxyName('pod', id);
  const pod = await client.get(pods, { namespace, name });
  const declared = pod.spec?.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  const number = port === '' ? (declared ?? defaultPorts[scheme]) : Number(port);
  if (!Number.isInteger(number)) throw new StatusError('BadRequest', `invalid pod request ${JSON.stringify(id)}`);
  return { secure: scheme === 'https', pod, port: number };
}

/** One of the pods that stand behind the service's port. @throws StatusError ServiceUnavailable when there is none. */
export async function serviceTarget(
  { client, random }: { client: Client; random: Random },
  namespace: string | undefined,
  id: string,
): Promise<ProxyTarget> {
  const { scheme, name, port } = parseProxyName('service', id);
  const service = await client.get(services, { namespace, name });
  const portName = namedPort(service.spec?.ports ?? [], port, name);
  const found = await client.get(endpoints, { namespace, name }).catch((error: unknown) => {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  });
  const candidates = (found?.subsets ?? []).flatMap((subset) => {
    const number = subset.ports?.find((each) => (each.name ?? '') === portName)?.port;
    return number === undefined ? [] : (subset.addresses ?? []).map((address) => ({ address, port: number }));
  });
  const first = Math.floor(random.next() * candidates.length);
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[(first + i) % candidates.length]!;
    const pod = await podOf(client, namespace, candidate.address);
    if (pod) return { secure: scheme === 'https', pod, port: candidate.port };
  }
  throw new StatusError('ServiceUnavailable', `no endpoints available for service ${JSON.stringify(id)}`);
}

/** Endpoints name their ports as the service does; a number means the service's own port of that number. */
function namedPort(ports: ReadonlyArray<{ name?: string; port: number }>, port: string, service: string): string {
  if (!/^\d+$/.test(port)) return port;
  const found = ports.find((each) => each.port === Number(port));
  if (found) return found.name ?? '';
  throw new StatusError('ServiceUnavailable', `no service port ${port} found for service "${service}"`);
}

/** Only pods are reached through the API: an address by itself could be anything on the network. */
async function podOf(client: Client, namespace: string | undefined, address: V1EndpointAddress) {
  const { kind, name = '', uid } = address.targetRef ?? {};
  if (kind !== 'Pod') return undefined;
  try {
    const pod = await client.get(pods, { namespace, name });
    return !uid || pod.metadata?.uid === uid ? pod : undefined;
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined;
    throw error;
  }
}
