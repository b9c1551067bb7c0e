import type { Logger } from '../base/log.ts';
import type { CommandRunner } from './command.ts';
import type { ServicePort } from './service-table.ts';

/** A node port of this cluster that another cluster of the same machine answers too. */
export interface SharedNodePort {
  /** `namespace/name` of this cluster's service. */
  service: string;
  protocol: string;
  nodePort: number;
  /** The other cluster's table of rules. */
  table: string;
}

const hostTable = /^table ip (berth-[0-9a-f]+-services)$/gm;
const nodePortElement = /\b(tcp|udp|sctp) \. (\d+) : goto/g;

/** The clusters' tables in the output of `nft list tables`, without `own`. */
export function otherTables(listing: string, own: string): string[] {
  return [...listing.matchAll(hostTable)].map(([, name = '']) => name).filter((name) => name !== own);
}

/** The node ports of both this cluster and the one whose map `nft list map ip TABLE nodeports` shows. */
export function sharedWith(table: string, map: string, ports: readonly ServicePort[]): SharedNodePort[] {
  const theirs = new Set([...map.matchAll(nodePortElement)].map(([, protocol, port]) => `${protocol} ${port}`));
  return ports.flatMap(({ key, protocol, nodePort }) => {
    if (nodePort === undefined || !theirs.has(`${protocol} ${nodePort}`)) return [];
    return [{ service: key.slice(0, key.lastIndexOf(':')), protocol, nodePort, table }];
  });
}

/** Tells of node ports that two clusters of one machine have both: only one of them is reached. */
export class SharedNodePorts {
  private known = '';

  constructor(
    private readonly options: {
      table: string;
      run: CommandRunner;
      logger: Logger;
      onShared: (shared: SharedNodePort) => void;
    },
  ) {}

  /** These are the ports of the cluster now; the other clusters are asked when its node ports are others than before. */
  async applied(ports: readonly ServicePort[]): Promise<void> {
    const own = ports.filter(({ nodePort }) => nodePort !== undefined);
    const text = own.map(({ protocol, nodePort }) => `${protocol} ${nodePort}`).join();
    if (text === this.known) return;
    this.known = text;
    if (own.length === 0) return;
    try {
      for (const shared of await this.find(own)) this.options.onShared(shared);
    } catch (error) {
      this.options.logger.warn('cannot see what other clusters of this machine answer', { error: String(error) });
    }
  }

  private async find(own: readonly ServicePort[]): Promise<SharedNodePort[]> {
    const { run, table } = this.options;
    const others = otherTables(await run('nft', ['list', 'tables', 'ip']), table);
    // A cluster that is just coming or going has a table without the map.
    const list = (name: string) => run('nft', ['list', 'map', 'ip', name, 'nodeports']).catch(() => '');
    const found = await Promise.all(others.map(async (name) => sharedWith(name, await list(name), own)));
    return found.flat();
  }
}
