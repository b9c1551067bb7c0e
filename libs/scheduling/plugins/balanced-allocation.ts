import { cpuColumn, memoryColumn } from '../node-table.ts';
import { type Plugin, scoreMax } from '../plugin.ts';
import type { Requests } from '../pod-info.ts';

/** Score of a node whose balance the pod leaves as it was. */
const scoreUnchanged = 0.75 * scoreMax;
/** Shares lie at most 1 apart, and a pod can bring them that much closer together, or farther apart. */
const scoreByDistance = 0.25 * scoreMax;

/**
 * Prefers nodes where the pod brings the shares of CPU and memory in use closer together, so that neither runs out with
 * the other idle. Says nothing of pods without requests. Source of the scale: kube-scheduler.
 */
export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  wakesOn: 0,
  judge({ requests }, _labels, { table }) {
    const cpu = amountOf(requests, cpuColumn);
    const memory = amountOf(requests, memoryColumn);
    if (cpu === 0 && memory === 0) return undefined;
    return {
      isResolvable: false,
      local: {
        score(slot) {
          const allCpu = table.allocatable[cpuColumn]![slot]!;
          const allMemory = table.allocatable[memoryColumn]![slot]!;
          if (allCpu <= 0 || allMemory <= 0) return scoreUnchanged;
          const usedCpu = table.requested[cpuColumn]![slot]!;
          const usedMemory = table.requested[memoryColumn]![slot]!;
          const before = distance(usedCpu / allCpu, usedMemory / allMemory);
          const after = distance((usedCpu + cpu) / allCpu, (usedMemory + memory) / allMemory);
          return scoreUnchanged + scoreByDistance * (before - after);
        },
      },
    };
  },
};

/** Between two shares; what is over-committed is just full. */
function distance(one: number, other: number): number {
  return Math.abs(Math.min(1, one) - Math.min(1, other));
}

function amountOf({ columns, amounts }: Requests, column: number): number {
  return amounts[columns.indexOf(column)] ?? 0;
}
