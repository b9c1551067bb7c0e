import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { V1EndpointSlice, V1Pod, V1Service } from '../../libs/api/gen/types.ts';
import type { Random } from '../../libs/base/random.ts';
import { StatusError } from '../../libs/base/status.ts';
import type { ObjectReader } from '../../libs/cache/object-reader.ts';
import type { Dial, ServicePort } from '../../libs/webhook/agents.ts';
import type { ApiServerExtension } from './extension.ts';

export interface ServiceDialParts {
  readonly objects: ObjectReader;
  readonly random: Random;
  readonly extensions: readonly ApiServerExtension[];
}

interface Backend {
  readonly address: string;
  readonly port: number;
  readonly pod: V1Pod | undefined;
}

const serviceNameLabel = 'kubernetes.io/service-name';
const connectTimeoutMs = 10_000;

/**
 * Reaches Services from the API server. Pods are reached through their node's session, because this machine may have no
 * route to them; every other address directly.
 */
export function serviceDial({ objects, random, extensions }: ServiceDialParts): Dial {
  const tunnel = extensions.find((one) => one.connectPod);
  return async (at) => {
    const service = objects.get<V1Service>('', 'services', `${at.namespace}/${at.name}`);
    if (!service) throw new StatusError('NotFound', `service "${at.name}" not found`);
    const { type, externalName = '' } = service.spec ?? {};
    if (type === 'ExternalName') return dialAddress(externalName, at.port);
    const backends = backendsOf(objects, service, at);
    const chosen = backends[Math.floor(random.next() * backends.length)];
    if (!chosen) throw unreachable(`no endpoints available for service "${at.name}"`);
    if (chosen.pod && tunnel?.connectPod) return tunnel.connectPod(chosen.pod, chosen.port);
    return dialAddress(chosen.address, chosen.port);
  };
}

function backendsOf(objects: ObjectReader, service: V1Service, at: ServicePort): Backend[] {
  const wanted = service.spec?.ports?.find((one) => one.port === at.port);
  if (!wanted) throw unreachable(`no service port ${at.port} found for service "${at.name}"`);
  return objects
    .list<V1EndpointSlice>('discovery.k8s.io', 'endpointslices', at.namespace)
    .filter(({ metadata }) => metadata?.labels?.[serviceNameLabel] === at.name)
    .flatMap((slice) => {
      const port = slice.ports?.find((one) => (one.name ?? '') === (wanted.name ?? ''))?.port;
      if (port === undefined) return [];
      const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
      return ready.flatMap(({ addresses, targetRef }) => {
        const name = targetRef?.kind === 'Pod' ? targetRef.name : undefined;
        const pod = name === undefined ? undefined : objects.get<V1Pod>('', 'pods', `${at.namespace}/${name}`);
        return addresses.slice(0, 1).map((address) => ({ address, port, pod }));
      });
    });
}

function dialAddress(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host, port, timeout: connectTimeoutMs });
    socket.once('timeout', () => socket.destroy(unreachable(`dial tcp ${host}:${port}: i/o timeout`)));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function unreachable(message: string): StatusError {
  return new StatusError('ServiceUnavailable', message);
}
