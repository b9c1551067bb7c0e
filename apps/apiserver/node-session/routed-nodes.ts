import type { V1Lease } from '../../../libs/api/gen/types.ts';
import { leases, serverLeaseName, serverLeaseNamespace } from '../../../libs/api/kinds/lease.ts';
import { isStatus } from '../../../libs/base/status.ts';
import type { Client } from '../../../libs/client/client.ts';
import { type GatewayClientOptions, gatewayNodes } from './gateway-client.ts';
import { nodeLeaseNamespace, sessionAddressAnnotation } from './leases.ts';
import type { NodeStreams, Sessions } from './sessions.ts';

export interface RoutedNodesOptions extends GatewayClientOptions {
  client: Client;
  serverId: string;
  sessions: Sessions;
}

/** Nodes wherever their session is: here, or with another API server of the cluster. */
export class RoutedNodes implements NodeStreams {
  constructor(private readonly options: RoutedNodesOptions) {}

  async open(...[nodeName, call]: Parameters<NodeStreams['open']>) {
    return await (await this.route(nodeName)).open(nodeName, call);
  }

  async httpGet(nodeName: string, path: string) {
    return await (await this.route(nodeName)).httpGet(nodeName, path);
  }

  /** Sessions that nobody else holds are left to this server to complain about. */
  private async route(nodeName: string): Promise<NodeStreams> {
    const { sessions, serverId } = this.options;
    if (sessions.has(nodeName)) return sessions;
    const holder = (await this.lease(nodeLeaseNamespace, nodeName))?.spec?.holderIdentity;
    if (!holder || holder === serverId) return sessions;
    const server = await this.lease(serverLeaseNamespace, serverLeaseName(holder));
    const address = server?.metadata?.annotations?.[sessionAddressAnnotation];
    return address ? gatewayNodes(address, this.options) : sessions;
  }

  private async lease(namespace: string, name: string): Promise<V1Lease | undefined> {
    try {
      return await this.options.client.get(leases, { namespace, name });
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined;
      throw error;
    }
  }
}
