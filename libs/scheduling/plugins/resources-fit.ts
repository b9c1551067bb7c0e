import { cpuColumn, memoryColumn, podsColumn } from '../node-table.ts';
import { type Plugin, scoreMax, wakesOn } from '../plugin.ts';

export const tooManyPods = 'Too many pods';
export const insufficient = (resource: string) => `Insufficient ${resource}`;

/** Admits a pod where its requests are free, and prefers the nodes with the largest free share. */
export const resourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeAllocatable | wakesOn.podRemoved | wakesOn.podUpdated,
  judge({ requests }, _labels, { table }) {
    const { columns, amounts, scoredCpu, scoredMemory } = requests;
    const kinds = columns.length;
    const refusal = (slot: number) => {
      const reasons: string[] = [];
      if (table.requested[podsColumn]![slot]! + 1 > table.allocatable[podsColumn]![slot]!) reasons.push(tooManyPods);
      for (let at = 0; at < kinds; at++) {
        const column = columns[at]!;
        const free = table.allocatable[column]![slot]! - table.requested[column]![slot]!;
        if (amounts[at]! > free) reasons.push(insufficient(table.resourceOf(column)));
      }
      return reasons.join('\n');
    };
    return {
      isResolvable: true,
      local: {
        filter(slot) {
          const { allocatable, requested } = table;
          let fits = requested[podsColumn]![slot]! + 1 <= allocatable[podsColumn]![slot]!;
          for (let at = 0; fits && at < kinds; at++) {
            const column = columns[at]!;
            fits = amounts[at]! <= allocatable[column]![slot]! - requested[column]![slot]!;
          }
          return fits ? undefined : refusal(slot);
        },
        score(slot) {
          const cpu = table.allocatable[cpuColumn]![slot]!;
          const memory = table.allocatable[memoryColumn]![slot]!;
          const freeCpu = cpu > 0 ? Math.max(0, 1 - (table.scoredCpu[slot]! + scoredCpu) / cpu) : 0;
          const freeMemory = memory > 0 ? Math.max(0, 1 - (table.scoredMemory[slot]! + scoredMemory) / memory) : 0;
          return ((freeCpu + freeMemory) * scoreMax) / 2;
        },
      },
    };
  },
};
