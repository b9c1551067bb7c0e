import type { Logger } from '../base/log.ts';
import { CommandError, type CommandRunner } from './command.ts';
import type { ServiceEndpoint, ServicePort } from './service-table.ts';

/** A group of tracked UDP flows: those to one service port that were led to one endpoint. */
export interface Flow {
  destination: string;
  port: string;
  endpoint: string;
}

const flowLine = /^udp\s.*?\bdst=(\S+) sport=\d+ dport=(\d+)\b.*?\bsrc=(\S+) dst=\S+ sport=(\d+) dport=\d+/;

function udp(ports: readonly ServicePort[]): ServicePort[] {
  return ports.filter(({ protocol }) => protocol === 'udp');
}

function reached({ endpoints, localEndpoints }: ServicePort): ServiceEndpoint[] {
  return [...endpoints, ...localEndpoints];
}

function endpointKeys(ports: readonly ServicePort[]): Set<string> {
  return new Set(udp(ports).flatMap((each) => reached(each).map(({ ip, port }) => `${each.key} ${ip}:${port}`)));
}

/** Whether an endpoint that UDP flows may have been led to is no more. */
export function losesEndpoints(before: readonly ServicePort[], after: readonly ServicePort[]): boolean {
  const left = endpointKeys(after);
  return [...endpointKeys(before)].some((key) => !left.has(key));
}

/** What `conntrack -L -p udp` lists that leads to endpoints which their service no longer has. */
export function staleFlows(listing: string, before: readonly ServicePort[], after: readonly ServicePort[]): Flow[] {
  const leadsTo = (ports: readonly ServicePort[], destination: string, port: number) =>
    udp(ports).filter(
      (each) =>
        (each.port === port && [...each.clusterIps, ...each.externalIps].includes(destination)) ||
        each.nodePort === port,
    );
  const stale = new Map<string, Flow>();
  for (const line of listing.split('\n')) {
    const [, destination = '', port = '', endpoint = '', endpointPort = ''] = flowLine.exec(line) ?? [];
    // Where the answer comes from what was asked, nothing was translated.
    if (destination === '' || (endpoint === destination && endpointPort === port)) continue;
    const now = leadsTo(after, destination, Number(port));
    if (now.length === 0 && leadsTo(before, destination, Number(port)).length === 0) continue;
    const lives = now.some((each) =>
      reached(each).some(({ ip, port: at }) => ip === endpoint && at === Number(endpointPort)),
    );
    if (!lives) stale.set(`${destination} ${port} ${endpoint}`, { destination, port, endpoint });
  }
  return [...stale.values()];
}

/**
 * Has the kernel forget UDP flows to endpoints that have gone. A UDP client that keeps its port would otherwise be led
 * to them for as long as it goes on asking: unlike TCP, nothing tells it that they are no more.
 */
export class StaleFlows {
  private before: readonly ServicePort[] | undefined;
  private missing = false;

  constructor(private readonly options: { run: CommandRunner; logger: Logger }) {}

  /** New flows go to these endpoints by now. */
  async applied(after: readonly ServicePort[]): Promise<void> {
    const before = this.before;
    this.before = after;
    const possible = before === undefined ? udp(after).length > 0 : losesEndpoints(before, after);
    if (!possible || this.missing) return;
    try {
      const listing = await this.options.run('conntrack', ['-L', '-p', 'udp']);
      for (const flow of staleFlows(listing, before ?? [], after)) await this.forget(flow);
    } catch (error) {
      this.failed(error);
    }
  }

  private async forget({ destination, port, endpoint }: Flow): Promise<void> {
    const flow = ['--orig-dst', destination, '--orig-port-dst', port, '--reply-src', endpoint];
    await this.options.run('conntrack', ['-D', '-p', 'udp', ...flow]).catch((error: unknown) => {
      // It has ended by itself meanwhile.
      if (!(error instanceof CommandError && error.detail.includes(' 0 flow entries'))) throw error;
    });
  }

  private failed(error: unknown): void {
    const { cause } = error as Error;
    this.missing = (cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
    const hint = this.missing
      ? 'install the package conntrack, so that UDP clients leave endpoints that have gone'
      : '';
    this.options.logger.warn('UDP flows were not looked at', { error: (error as Error).message, hint });
  }
}
