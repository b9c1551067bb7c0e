import { createServer, type Server, type ServerResponse } from 'node:http';
import type { V1EndpointSlice, V1Service } from '../api/gen/types.ts';
import type { Logger } from '../base/log.ts';
import { isForOthers, routedSlices } from './service-table.ts';

/** Where load balancers ask whether this node has endpoints of a service that is answered by its own node alone. */
export interface HealthPort {
  port: number;
  namespace: string;
  name: string;
  /** Ready endpoints on this node. */
  localEndpoints: number;
}

/** The health check ports of all services, as seen from one node. */
export function computeHealthPorts(
  services: Iterable<V1Service>,
  slices: Iterable<V1EndpointSlice>,
  nodeName: string,
): HealthPort[] {
  const checked = [...services].filter((service) => checkPort(service) !== undefined);
  // Usually there is none, and slices are many.
  if (checked.length === 0) return [];
  const known = routedSlices(slices);
  return checked.map((service) => {
    const { namespace = '', name = '' } = service.metadata ?? {};
    const localEndpoints = countLocal(known.get(`${namespace}/${name}`) ?? [], nodeName);
    return { port: checkPort(service)!, namespace, name, localEndpoints };
  });
}

/** Undefined without one that is ours to answer. */
function checkPort(service: V1Service): number | undefined {
  const { healthCheckNodePort, externalTrafficPolicy } = service.spec ?? {};
  if (externalTrafficPolicy !== 'Local' || isForOthers(service)) return undefined;
  return healthCheckNodePort || undefined;
}

function countLocal(slices: readonly V1EndpointSlice[], nodeName: string): number {
  const addresses = new Set<string>();
  for (const { endpoints } of slices) {
    for (const { addresses: [address] = [], conditions, nodeName: at } of endpoints ?? []) {
      if (address && (conditions?.ready ?? true) && at === nodeName) addresses.add(address);
    }
  }
  return addresses.size;
}

interface Listener {
  server: Server;
  shown: HealthPort;
}

/** Listens on the health check ports of services, and answers by what it was told last. */
export class HealthPorts {
  private readonly listeners = new Map<number, Listener>();

  constructor(private readonly logger: Logger) {}

  /** From now on these are the ports, and what is known of them. */
  apply(wanted: readonly HealthPort[]): void {
    const ports = new Map(wanted.map((one) => [one.port, one]));
    for (const [port, { server }] of this.listeners) if (!ports.has(port)) this.close(port, server);
    for (const [port, shown] of ports) {
      const listener = this.listeners.get(port);
      if (listener) listener.shown = shown;
      else this.listen(port, shown);
    }
  }

  stop(): void {
    this.apply([]);
  }

  private listen(port: number, shown: HealthPort): void {
    const server = createServer((_request, response) => answer(response, listener.shown));
    const listener: Listener = { server, shown };
    server.on('error', (error) => {
      this.logger.warn('cannot answer on a health check port', { port, error: String(error) });
      // Whoever changes next finds it missing, and it is tried again.
      if (this.listeners.get(port) === listener) this.listeners.delete(port);
    });
    server.listen(port);
    server.unref();
    this.listeners.set(port, listener);
  }

  private close(port: number, server: Server): void {
    this.listeners.delete(port);
    server.close();
    server.closeAllConnections();
  }
}

/** The answer of kube-proxy, which load balancers and their controllers read. */
function answer(response: ServerResponse, { namespace, name, localEndpoints }: HealthPort): void {
  response.writeHead(localEndpoints > 0 ? 200 : 503, {
    'content-type': 'application/json',
    'x-content-type-options': 'nosniff',
    'x-load-balancing-endpoint-weight': String(localEndpoints),
  });
  response.end(JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }));
}
