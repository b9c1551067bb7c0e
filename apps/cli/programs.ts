import { join } from 'node:path';
import type { NodeShare } from '../../libs/provision/cgroups.ts';
import type { NodeLayout } from '../../libs/provision/layout.ts';
import type { ClusterNames, NodeNames } from '../../libs/provision/names.ts';
import { addressIn, type ClusterRanges, gatewayAddress, nodeAddress } from '../../libs/provision/ranges.ts';

/** The folder that the compiled `apps` stand in. */
const appsFolder = join(import.meta.dirname, '..');
const clusterDnsOffset = 10;

/** The file of another program of this build. */
function programPath(app: 'server' | 'agent'): string {
  return join(appsFolder, app, 'main.js');
}

export interface ServerCommandInput {
  home: string;
  port: number;
  store: string;
  cluster: ClusterNames;
  ranges: ClusterRanges;
  nodes: readonly string[];
  /** Further flags of `berth server` as they are. */
  more: readonly string[];
}

/**
 * How the control plane is run. Requests leave much behind that dies young: with more room for it (in MB) half as many
 * collections find less that is still alive.
 */
export const serverProgram = (): string[] => [process.execPath, '--max-semi-space-size=32', programPath('server')];

/** How an agent is run. */
export const agentProgram = (): string[] => [process.execPath, programPath('agent')];

/** The control plane of a cluster on this machine. */
export function serverCommand(input: ServerCommandInput): string[] {
  return [
    ...serverProgram(),
    ...['--home', input.home, '--port', String(input.port), '--store', input.store],
    ...['--advertise', gatewayAddress(input.ranges), '--bridge', input.cluster.bridge],
    ...['--pod-cidr', input.ranges.pods, '--service-cidr', input.ranges.services],
    ...['--local-nodes', input.nodes.join(',')],
    ...input.more,
  ];
}

export interface AgentCommandInput {
  port: number;
  names: NodeNames;
  ranges: ClusterRanges;
  share: NodeShare;
}

/** The agent of one node of this machine. */
export function agentCommand(input: AgentCommandInput, layout: NodeLayout): string[] {
  const { names, ranges, share } = input;
  return [
    ...agentProgram(),
    ...['--server', `https://${gatewayAddress(ranges)}:${input.port}`, '--name', names.name],
    ...['--home', layout.home, '--run', layout.run, '--node-ip', nodeAddress(ranges, names.index)],
    ...['--containerd', layout.containerdSocket, '--cgroup', names.cgroup],
    ...['--cpus', String(share.cpus), '--memory', String(share.memoryBytes)],
    ...['--cluster-dns', addressIn(ranges.services, clusterDnsOffset), '--cluster-cidr', ranges.pods],
  ];
}
