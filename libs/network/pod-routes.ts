import { networkInterfaces } from 'node:os';
import type { V1Node } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { ApplyLoop } from './apply-loop.ts';
import type { CommandRunner } from './command.ts';
import {
  computeRoutes,
  forwardingCommands,
  inRanges,
  type RoutePlan,
  rangeBase,
  routeCommands,
  tunnel,
  tunnelMac,
} from './node-routes.ts';

export interface PodRoutesOptions {
  nodeName: string;
  nodeIp: string;
  nodes: () => V1Node[];
  run: CommandRunner;
  clock: Clock;
  logger: Logger;
}

/** Keeps the routes from this node to the pods of all others. */
export class PodRoutes {
  private readonly loop: ApplyLoop;
  private applied: RoutePlan | undefined;
  private tunnelUp = false;

  constructor(private readonly options: PodRoutesOptions) {
    this.loop = new ApplyLoop(() => this.apply(), { name: 'pod routes', clock: options.clock, logger: options.logger });
  }

  trigger(): void {
    this.loop.trigger();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async apply(): Promise<void> {
    const { nodeName, run } = this.options;
    const segments = ownSegments();
    const plan = computeRoutes(this.options.nodes(), nodeName, (ip) => inRanges(ip, segments));
    if (JSON.stringify(plan) === JSON.stringify(this.applied)) return;
    if (plan.tunnelled.length > 0) await this.ensureTunnel();
    const forwarding = forwardingCommands(plan);
    if (forwarding.length > 0) await run('bridge', ['-batch', '-'], `${forwarding.join('\n')}\n`);
    const routes = routeCommands(plan, this.applied);
    if (routes.length > 0) await run('ip', ['-force', '-batch', '-'], `${routes.join('\n')}\n`);
    this.applied = plan;
  }

  private async ensureTunnel(): Promise<void> {
    const own = this.options.nodes().find((node) => node.metadata?.name === this.options.nodeName)?.spec?.podCIDR;
    if (this.tunnelUp || !own) return;
    const { run, nodeIp } = this.options;
    const { device, id, port } = tunnel;
    await run('ip', ['link', 'del', device]).catch(() => {});
    const vxlan = ['type', 'vxlan', 'id', `${id}`, 'local', nodeIp, 'dstport', `${port}`, 'nolearning'];
    await run('ip', ['link', 'add', device, 'address', tunnelMac(nodeIp), ...vxlan]);
    await run('ip', ['addr', 'replace', `${rangeBase(own)}/32`, 'dev', device]);
    await run('ip', ['link', 'set', device, 'up']);
    this.tunnelUp = true;
  }
}

/** The ranges that this machine's own interfaces are on, pods' links and the tunnel left out. */
function ownSegments(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !name.startsWith('veth') && name !== tunnel.device && name !== 'lo')
    .flatMap(([, addresses]) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && address.cidr !== null && !address.cidr.endsWith('/32'))
    .map((address) => address.cidr as string);
}
