import { cpuColumn, memoryColumn } from '../node-table.ts';
import { type Plugin, scoreMax } from '../plugin.ts';

/** Prefers nodes whose CPU and memory would be used in like shares, so that neither runs out with the other idle. */
export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  wakesOn: 0,
  judge({ requests }, _labels, { table }) {
    const { scoredCpu, scoredMemory } = requests;
    const share = (used: number, allocatable: number) => (allocatable > 0 ? Math.min(1, used / allocatable) : 0);
    return {
      isResolvable: false,
      local: {
        score(slot) {
          const cpu = share(table.scoredCpu[slot]! + scoredCpu, table.allocatable[cpuColumn]![slot]!);
          const memory = share(table.scoredMemory[slot]! + scoredMemory, table.allocatable[memoryColumn]![slot]!);
          return scoreMax * (1 - Math.abs(cpu - memory) / 2);
        },
      },
    };
  },
};
