import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { V1EndpointSlice, V1Node, V1Pod, V1Service } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { Mirror } from '../node/link.ts';
import { cniConfiguration } from './cni.ts';
import { type CommandRunner, runCommand } from './command.ts';
import { DnsServer } from './dns/server.ts';
import { machineNameservers, upstreamServers } from './dns/upstream.ts';
import { computeZone, type Zone } from './dns/zone.ts';
import { computeHealthPorts, HealthPorts } from './health-ports.ts';
import { computeHostPorts } from './host-ports.ts';
import { tunnel } from './node-routes.ts';
import { PodRoutes } from './pod-routes.ts';
import { ServiceRules } from './service-rules.ts';
import { computeServicePorts } from './service-table.ts';

export interface NodeNetworkOptions {
  nodeName: string;
  nodeIp: string;
  /** Every pod of the cluster. */
  clusterCidr: string;
  /** Where this node's resolver answers, e.g. 10.96.0.10. */
  dnsAddress: string;
  clusterDomain: string;
  /** Containerd reads its network configuration here. */
  cniConfDir: string;
  ipamDir: string;
  /** Bytes of the largest packet on the node's own link; 1500 when absent. */
  linkMtu?: number;
  mirrors: {
    nodes: Mirror<V1Node>;
    pods: Mirror<V1Pod>;
    services: Mirror<V1Service>;
    endpointslices: Mirror<V1EndpointSlice>;
  };
  clock: Clock;
  logger: Logger;
  run?: CommandRunner;
  /** DNS servers for names outside the cluster; the machine's own when absent. */
  nameservers?: string[];
}

/** Network of one node: CNI configuration, routes to other nodes' pods, service rules and DNS. */
export interface NodeNetwork {
  /** Pods have changed their addresses: host ports may have to follow. */
  podsChanged(podsWithAddresses: Iterable<V1Pod>): void;
  /** Leaves rules and routes in place, so that containers keep their connections, unless told to remove them. */
  stop(options?: { remove: boolean }): Promise<void>;
}

/** Runs in the node's own network namespace; everything follows the mirrors by events. */
export async function startNodeNetwork(options: NodeNetworkOptions): Promise<NodeNetwork> {
  const { mirrors, clock, logger, run = runCommand } = options;
  await prepareKernel(options, run);
  const routes = new PodRoutes({ ...options, run, nodes: () => mirrors.nodes.list() });
  let hostPorts = computeHostPorts(mirrors.pods.list());
  const rules = new ServiceRules({
    table: 'berth',
    clusterCidrs: [options.clusterCidr],
    masqueradeCidrs: [options.clusterCidr],
    masqueradeNodePorts: true,
    run,
    clock,
    logger,
    ports: () => computeServicePorts(mirrors.services.list(), mirrors.endpointslices.list(), options.nodeName),
    hostPorts: () => hostPorts,
  });
  let zone: Zone | undefined;
  const health = new HealthPorts(logger);
  const onServices = () => {
    zone = undefined;
    rules.trigger();
    health.apply(computeHealthPorts(mirrors.services.list(), mirrors.endpointslices.list(), options.nodeName));
  };
  const firstZone = waitForZone(mirrors, clock);
  const dns = new DnsServer({
    ready: firstZone.ready,
    address: options.dnsAddress,
    domain: options.clusterDomain,
    zone: () => (zone ??= computeZone(mirrors.services.list(), mirrors.endpointslices.list(), options.clusterDomain)),
    upstream: upstreamServers(options.nameservers ?? machineNameservers([options.dnsAddress])),
    logger,
  });
  await dns.start();
  const writeCni = cniWriter(options);
  const stops = [
    firstZone.stop,
    mirrors.nodes.subscribe(() => {
      writeCni(mirrors.nodes.get(options.nodeName)?.spec?.podCIDR);
      routes.trigger();
    }),
    mirrors.services.subscribe(onServices),
    mirrors.endpointslices.subscribe(onServices),
  ];
  return {
    podsChanged(pods) {
      hostPorts = computeHostPorts(pods);
      rules.trigger();
    },
    async stop({ remove } = { remove: false }) {
      for (const stop of stops) stop();
      health.stop();
      await Promise.all([routes.stop(), rules.stop({ remove }), dns.stop()]);
    },
  };
}

/** How long questions of an agent that has just started wait for its control plane; resolvers give up after 5 s. */
const firstZoneMsMax = 3_000;

/** Tells when services and endpoints are known for the first time, or waited for long enough. */
export function waitForZone(
  { services, endpointslices }: Pick<NodeNetworkOptions['mirrors'], 'services' | 'endpointslices'>,
  clock: Clock,
): { ready: () => Promise<boolean>; stop: () => void } {
  const synced = () => services.synced && endpointslices.synced;
  const stops: Array<() => void> = [];
  const stop = () => {
    for (const each of stops.splice(0)) each();
  };
  const decided = new Promise<void>((resolve) => {
    const timer = clock.setTimer(firstZoneMsMax, resolve);
    const look = () => {
      if (synced()) resolve();
    };
    stops.push(() => timer.cancel(), services.subscribe(look), endpointslices.subscribe(look));
  });
  void decided.then(stop);
  const ready = async () => {
    if (!synced()) await decided;
    return synced();
  };
  return { ready, stop };
}

/** Forwarding on, and the resolver's address on the loopback, where every pod of the node reaches it. */
async function prepareKernel(options: NodeNetworkOptions, run: CommandRunner): Promise<void> {
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  writeFileSync('/proc/sys/net/ipv4/conf/all/route_localnet', '1');
  await run('ip', ['link', 'set', 'lo', 'up']);
  await run('ip', ['addr', 'replace', `${options.dnsAddress}/32`, 'dev', 'lo']);
}

/** Writes the CNI configuration when the node's pod range is known or changes; containerd watches the folder. */
function cniWriter(options: NodeNetworkOptions): (podCidr: string | undefined) => void {
  let written: string | undefined;
  return (podCidr) => {
    if (!podCidr || podCidr === written) return;
    const mtu = (options.linkMtu ?? 1500) - tunnel.overheadBytes;
    const file = join(options.cniConfDir, '10-berth.conflist');
    mkdirSync(options.cniConfDir, { recursive: true });
    mkdirSync(options.ipamDir, { recursive: true });
    writeFileSync(`${file}.new`, cniConfiguration({ podCidr, mtu, ipamDir: options.ipamDir }));
    renameSync(`${file}.new`, file);
    written = podCidr;
  };
}
