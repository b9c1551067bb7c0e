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
    const share = (column: number, slot: number, wanted: number) => {
      const allocatable = table.allocatable[column]![slot]!;
      return allocatable > 0 ? Math.min(1, (table.requested[column]![slot]! + wanted) / allocatable) : Number.NaN;
    };
    const distance = (slot: number, wantedCpu: number, wantedMemory: number) =>
      Math.abs(share(cpuColumn, slot, wantedCpu) - share(memoryColumn, slot, wantedMemory)) || 0;
    return {
      isResolvable: false,
      local: {
        score: (slot) => scoreUnchanged + scoreByDistance * (distance(slot, 0, 0) - distance(slot, cpu, memory)),
      },
    };
  },
};

function amountOf({ columns, amounts }: Requests, column: number): number {
  return amounts[columns.indexOf(column)] ?? 0;
}
