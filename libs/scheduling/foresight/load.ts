import { cpuColumn, memoryColumn } from '../node-table.ts';
import type { World } from './world.ts';

/** What is asked for on a node, as shares of what it has. */
export interface NodeLoad {
  node: string;
  pods: number;
  /** 0 to 1, more when it is over-committed. */
  cpu: number;
  memory: number;
}

/** The load of every node that exists, by name. */
export function loadsOf({ cluster: { table } }: World): NodeLoad[] {
  const loads: NodeLoad[] = [];
  for (let slot = 0; slot < table.size; slot++) {
    if (!table.exists(slot)) continue;
    const share = (column: number) => {
      const size = table.allocatable[column]![slot]!;
      return size === 0 ? 0 : table.requested[column]![slot]! / size;
    };
    const [cpu, memory] = [share(cpuColumn), share(memoryColumn)];
    loads.push({ node: table.names[slot]!, pods: table.podsOn[slot]!.size, cpu, memory });
  }
  return loads.sort((one, other) => (one.node < other.node ? -1 : 1));
}

/** The scarcer of a node's resources is what fills it. */
export const fullness = ({ cpu, memory }: NodeLoad): number => Math.max(cpu, memory);

/** How unevenly nodes are loaded: the standard deviation of their fullness. */
export function spreadOf(loads: readonly NodeLoad[]): number {
  if (loads.length === 0) return 0;
  const mean = loads.reduce((sum, load) => sum + fullness(load), 0) / loads.length;
  const variance = loads.reduce((sum, load) => sum + (fullness(load) - mean) ** 2, 0) / loads.length;
  return Math.sqrt(variance);
}

/** `82%`. */
export const percent = (share: number): string => `${Math.round(share * 100)}%`;
