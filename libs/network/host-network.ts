import { writeFileSync } from 'node:fs';
import type { V1EndpointSlice, V1Pod, V1Service } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { type CommandRunner, runCommand } from './command.ts';
import { computeHostPorts } from './host-ports.ts';
import { ServiceRules } from './service-rules.ts';
import { computeServicePorts } from './service-table.ts';
import { type SharedNodePort, SharedNodePorts } from './shared-node-ports.ts';

export interface HostNetworkOptions {
  /** The nft table of this cluster on the machine. */
  table: string;
  /** The bridge that the nodes of this machine hang on. */
  bridge: string;
  clusterCidr: string;
  services: () => V1Service[];
  endpointslices: () => V1EndpointSlice[];
  pods: () => V1Pod[];
  clock: Clock;
  logger: Logger;
  /** Another cluster of this machine has the same node port. */
  onSharedNodePort: (shared: SharedNodePort) => void;
  run?: CommandRunner;
}

/**
 * Makes services, node ports and host ports answer on the machine that carries a whole cluster. The machine is the
 * gateway of its nodes, so answers come back through it and clients keep their addresses.
 */
export class HostNetwork {
  private readonly rules: ServiceRules;

  constructor(private readonly options: HostNetworkOptions) {
    const { services, endpointslices, pods, clusterCidr, table, logger, onSharedNodePort: onShared } = options;
    const run = options.run ?? runCommand;
    const shared = new SharedNodePorts({ table, run, logger, onShared });
    this.rules = new ServiceRules({
      table,
      clusterCidrs: [clusterCidr],
      masqueradeCidrs: [],
      masqueradeNodePorts: false,
      run,
      clock: options.clock,
      logger,
      ports: () => computeServicePorts(services(), endpointslices(), undefined),
      hostPorts: () => computeHostPorts(pods()),
      onApplied: (ports) => shared.applied(ports),
    });
  }

  start(): void {
    writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
    // Answers to 127.0.0.1:nodePort come back over the bridge and are translated to the loopback again.
    writeFileSync(`/proc/sys/net/ipv4/conf/${this.options.bridge}/route_localnet`, '1');
    this.rules.trigger();
  }

  /** Services, endpoints or pods with host ports have changed. */
  changed(): void {
    this.rules.trigger();
  }

  /** Removes every rule. */
  stop(): Promise<void> {
    return this.rules.stop({ remove: true });
  }
}
