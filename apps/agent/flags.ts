import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { agentPlaces } from '../../libs/provision/layout.ts';
import type { AgentOptions, JoinOptions } from './options.ts';

export const agentUsage = `berth-agent: runs one node of a Berth cluster

  --server URL[,URL]  the API servers, such as https://10.0.0.1:6443; the agent holds to one that answers
  --token T           bootstrap token of a node that joins (with --ca-hash)
  --ca-hash H         sha256:... of the cluster's authority, as "berth token create" prints it
  --name NAME         the node's name (the host's name)
  --home DIR          identity, volumes, containerd's root (~/.berth/nodes/NAME)
  --run DIR           sockets and short-lived state (/run/berth/<hash of home>/NAME)
  --node-ip IP        the address that other nodes use (that of the route to the server)
  --containerd WHAT   "private", or the socket of a containerd to use (private)
  --cpus N            CPUs to offer (all)
  --memory SIZE       memory to offer, such as 2Gi (all)
  --cgroup PATH       cgroup of everything on the node (/berth/<hash of home>/NAME)
  --labels K=V,...    labels of the node
  --max-pods N        pods to offer room for (110)
  --metrics ADDRESS   where /metrics and /healthz are served, such as 127.0.0.1:9100 (through the API server only)
  --cluster-cidr CIDR addresses of all pods (10.244.0.0/16)
  --cluster-dns IP    address of the cluster's DNS (10.96.0.10)
  --cluster-domain D  (cluster.local)
`;

/** A message for the person who typed the command. */
export class UsageError extends Error {}

const flags = {
  server: { type: 'string' },
  token: { type: 'string' },
  'ca-hash': { type: 'string' },
  name: { type: 'string' },
  home: { type: 'string' },
  run: { type: 'string' },
  'node-ip': { type: 'string' },
  containerd: { type: 'string' },
  cpus: { type: 'string' },
  memory: { type: 'string' },
  cgroup: { type: 'string' },
  labels: { type: 'string' },
  'max-pods': { type: 'string' },
  metrics: { type: 'string' },
  'cluster-cidr': { type: 'string' },
  'cluster-dns': { type: 'string' },
  'cluster-domain': { type: 'string' },
} as const;

/** The options that an agent's command line asks for. @throws UsageError */
export function parseAgentFlags(argv: readonly string[]): AgentOptions {
  const values = parse(argv);
  if (!values.server) throw new UsageError('--server is required');
  const servers = values.server.split(',').map((server) => server.replace(/\/+$/, ''));
  const wrong = servers.find((server) => !URL.canParse(server) || !server.startsWith('https://'));
  if (wrong !== undefined) throw new UsageError(`--server ${wrong}: want a URL such as https://10.0.0.1:6443`);
  const name = (values.name ?? hostname()).toLowerCase();
  const home = resolve(values.home ?? join(homedir(), '.berth', 'nodes', name));
  const places = agentPlaces(home, name);
  return {
    servers,
    name,
    home,
    run: values.run ?? places.run,
    join: joinOptions(values.token, values['ca-hash']),
    nodeIp: values['node-ip'],
    containerd: values.containerd ?? 'private',
    cpus: values.cpus === undefined ? undefined : positive('--cpus', values.cpus),
    memoryBytes: values.memory === undefined ? undefined : memoryBytes(values.memory),
    cgroup: values.cgroup ?? places.cgroup,
    labels: labels(values.labels ?? ''),
    maxPods: values['max-pods'] === undefined ? undefined : positive('--max-pods', values['max-pods']),
    metricsAddress: values.metrics,
    clusterCidr: values['cluster-cidr'],
    clusterDns: values['cluster-dns'],
    clusterDomain: values['cluster-domain'],
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: flags, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function joinOptions(token: string | undefined, caHash: string | undefined): JoinOptions | undefined {
  if (token === undefined && caHash === undefined) return undefined;
  if (!token || !caHash) throw new UsageError('--token and --ca-hash go together');
  if (!/^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(token)) throw new UsageError('--token: want abcdef.0123456789abcdef');
  if (!/^sha256:[0-9a-f]{64}$/.test(caHash)) throw new UsageError('--ca-hash: want sha256: and 64 hexadecimal digits');
  return { token, caHash };
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new UsageError(`${flag} ${text}: want a number above 0`);
  return value;
}

const memoryUnits: Record<string, number> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

function memoryBytes(text: string): number {
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(text);
  const unit = match ? memoryUnits[match[2]!] : undefined;
  if (!match || unit === undefined) throw new UsageError(`--memory ${text}: want a size such as 2Gi`);
  return Math.floor(positive('--memory', match[1]!) * unit);
}

function labels(text: string): Record<string, string> {
  const pairs = text.split(',').filter((part) => part !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at <= 0) throw new UsageError(`--labels ${pair}: want key=value`);
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
