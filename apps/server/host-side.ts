import type { V1Service } from '../../libs/api/gen/types.ts';
import { endpointslices } from '../../libs/api/kinds/endpointslice.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { services } from '../../libs/api/kinds/service.ts';
import type { Clock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { systemRandom } from '../../libs/base/random.ts';
import type { Client } from '../../libs/client/client.ts';
import { InformerSet } from '../../libs/client/informer-set.ts';
import { runCommand } from '../../libs/network/command.ts';
import { HostNetwork } from '../../libs/network/host-network.ts';
import { PodRoutes } from '../../libs/network/pod-routes.ts';
import type { SharedNodePort } from '../../libs/network/shared-node-ports.ts';
import { EventRecorder } from '../../libs/reconcile/events.ts';

export interface HostSideOptions {
  client: Client;
  /** The nftables table for the service rules. */
  table: string;
  bridge: string;
  /** The nodes behind the bridge; others are not reached from here. */
  localNodes: readonly string[];
  podCidr: string;
  clock: Clock;
  logger: Logger;
}

/** No node has this name: the machine itself is none, so every node's range is routed to its node. */
const hostName = '';

/** Follows services, endpoints, pods and nodes so that this machine reaches them all. */
export async function startHostSide(options: HostSideOptions): Promise<{ stop(): Promise<void> }> {
  const { client, clock, logger, bridge, table, podCidr } = options;
  const informers = new InformerSet({ client, clock, logger });
  const sources = {
    services: informers.of(services),
    slices: informers.of(endpointslices),
    pods: informers.of(pods),
    nodes: informers.of(nodes),
  };
  const events = new EventRecorder({ client, clock, random: systemRandom, component: 'host-network', logger });
  const network = new HostNetwork({
    table,
    bridge,
    clusterCidr: podCidr,
    services: () => sources.services.list(),
    endpointslices: () => sources.slices.list(),
    pods: () => sources.pods.list(),
    clock,
    logger,
    onSharedNodePort: (shared) => tell(events, sources.services.list(), shared),
  });
  const local = new Set(options.localNodes);
  const routes = new PodRoutes({
    nodeName: hostName,
    nodeIp: '',
    nodes: () => sources.nodes.list().filter((node) => local.has(node.metadata?.name ?? '')),
    run: runCommand,
    clock,
    logger,
  });
  const follow = (changed: () => void) => ({ added: changed, updated: changed, deleted: changed });
  const changed = () => network.changed();
  for (const informer of [sources.services, sources.slices, sources.pods]) informer.addHandler(follow(changed));
  sources.nodes.addHandler(follow(() => routes.trigger()));
  network.start();
  informers.start();
  return {
    async stop() {
      await informers.stop();
      await Promise.all([network.stop(), routes.stop()]);
    },
  };
}

/** Two clusters of one machine cannot both answer a port of it: the one that came first does. */
function tell(events: EventRecorder, all: readonly V1Service[], shared: SharedNodePort): void {
  const { service, protocol, nodePort, table } = shared;
  const object = all.find(({ metadata }) => `${metadata?.namespace}/${metadata?.name}` === service);
  if (!object) return;
  const message = `another cluster of this machine (${table}) has node port ${nodePort}/${protocol} too: the first answers`;
  events.record(services, object, { type: 'Warning', reason: 'NodePortShared', message });
}
