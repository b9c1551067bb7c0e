import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { V1Node, V1Pod } from '../../libs/api/gen/types.ts';
import { type Clock, systemClock } from '../../libs/base/clock.ts';
import { type Logger, silentLogger } from '../../libs/base/log.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { type NodeNetwork, startNodeNetwork } from '../../libs/network/node-network.ts';
import { startNodeAgent } from '../../libs/node/agent.ts';
import type { NodeLink } from '../../libs/node/link.ts';
import { createNodeLink } from '../../libs/node/session/node-link.ts';
import { CriRuntime } from '../../libs/runtime/cri/runtime.ts';
import { type Containerd, startContainerd } from './containerd.ts';
import { grpcTransport } from './grpc-transport.ts';
import { ensureIdentity } from './join.ts';
import { startMetricsServer } from './metrics-server.ts';
import type { Agent, AgentOptions } from './options.ts';
import { ownAddressTowards } from './own-address.ts';
import { CertificateRenewal } from './renewal.ts';
import { runtimeReady } from './runtime-ready.ts';

export const agentVersion = '0.1.0';
const defaultPodsMax = 110;
const defaultDns = '10.96.0.10';
const defaultDomain = 'cluster.local';
const defaultClusterCidr = '10.244.0.0/16';

interface Parts {
  clock: Clock;
  logger: Logger;
  link: NodeLink;
  nodeIp: string;
  containerd: Containerd;
}

/** Runs one node: its session, its pods and its network. Resolves once the node reports to the control plane. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { clock = systemClock, logger = silentLogger } = options;
  const servers = options.servers.map((url) => new URL(url));
  const joined = await ensureIdentity(options);
  const nodeIp = options.nodeIp ?? (await ownAddressTowards(servers[0]!.hostname, portOf(servers[0]!)));
  const stops: Array<() => Promise<void>> = [];
  const stop = async () => {
    for (const each of stops.splice(0).reverse()) await each();
  };
  try {
    const containerd = await startContainerd(options, { clock, logger });
    stops.push(() => containerd.stop());
    const stopping = new AbortController();
    const renewal = new CertificateRenewal({
      home: options.home,
      identity: joined,
      certify: (request) => link.renewCertificate(request),
      clock,
      logger,
      signal: stopping.signal,
    });
    const link = createNodeLink({
      transport: grpcTransport({
        targets: servers.map((server) => `${server.hostname}:${portOf(server) + 1}`),
        identity: () => renewal.identity,
      }),
      node: registration(options),
      agentVersion,
      clock,
      random: options.random ?? systemRandom,
      logger,
      metrics: options.metrics,
    });
    stops.push(() => link.close());
    const parts = { clock, logger, link, nodeIp, containerd };
    const network = await startNetwork(options, parts);
    stops.push(() => network.stop());
    const pods = await startPods(options, parts);
    stops.push(() => pods.stop());
    void renewal.run();
    stops.push(async () => stopping.abort(new Error('the agent is stopping')));
    const { metricsAddress: address, metricsText } = options;
    if (address && metricsText) {
      const metrics = await startMetricsServer({ address, metricsText, healthy: () => link.connected });
      stops.push(() => metrics.stop());
    }
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const httpsPort = 443;
const portOf = (server: URL) => Number(server.port || httpsPort);

/** What the Node is created with, besides its status. */
function registration({ name, labels }: AgentOptions): V1Node {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': architecture,
        'beta.kubernetes.io/os': 'linux',
        'beta.kubernetes.io/arch': architecture,
        ...labels,
      },
    },
  };
}

async function startNetwork(options: AgentOptions, parts: Parts): Promise<NodeNetwork> {
  const { link, clock, logger, nodeIp, containerd } = parts;
  const pods = link.mirror<V1Pod>('pods');
  const network = await startNodeNetwork({
    nodeName: options.name,
    nodeIp,
    clusterCidr: options.clusterCidr ?? defaultClusterCidr,
    dnsAddress: options.clusterDns ?? defaultDns,
    clusterDomain: options.clusterDomain ?? defaultDomain,
    cniConfDir: containerd.cniConfDir,
    ipamDir: containerd.ipamDir,
    mirrors: {
      nodes: link.mirror('nodes'),
      pods,
      services: link.mirror('services'),
      endpointslices: link.mirror('endpointslices'),
    },
    clock,
    logger,
  });
  const unsubscribe = pods.subscribe(() => network.podsChanged(pods.list()));
  return {
    ...network,
    stop: async (how) => {
      unsubscribe();
      await network.stop(how);
    },
  };
}

async function startPods(options: AgentOptions, { link, clock, logger, nodeIp, containerd }: Parts) {
  const { home, run } = options;
  const runtime = new CriRuntime({ socketPath: containerd.socket, clock, logger });
  await runtimeReady(runtime, { socket: containerd.socket, clock });
  return await startNodeAgent({
    link,
    runtime,
    clock,
    random: options.random ?? systemRandom,
    logger,
    metrics: options.metrics,
    metricsText: options.metricsText,
    paths: { pods: join(home, 'pods'), logs: join(home, 'pod-logs'), memory: join(run, 'volumes') },
    cgroups: { parent: options.cgroup },
    node: {
      name: options.name,
      ips: [nodeIp],
      cpuMillis: Math.round((options.cpus ?? cpus().length) * 1000),
      memoryBytes: options.memoryBytes ?? totalmem(),
      podsMax: options.maxPods ?? defaultPodsMax,
    },
    dns: {
      servers: [options.clusterDns ?? defaultDns],
      domain: options.clusterDomain ?? defaultDomain,
      resolvConf: '/etc/resolv.conf',
    },
  });
}
