import { print } from './measure.ts';
import { type PackingPod, readPods } from './packing-model.ts';

/**
 * The fewest nodes of one shape that each policy needs for the trace's pods, by CPU and memory alone. Pods come in
 * their order and stay, a node is added when none has room.
 */
const shape = { cpuMillis: 96_000, memoryMib: 393_216 };

interface Bin {
  /** Free shares of a node, 0 to 1. */
  cpu: number;
  memory: number;
}

/** The least wins. */
type Score = (bin: Bin, cpu: number, memory: number) => number;

const policies: Record<string, Score> = {
  'first fit': () => 0,
  'best fit': (bin, cpu, memory) => bin.cpu - cpu + (bin.memory - memory),
  most: (bin, cpu, memory) => Math.max(bin.cpu - cpu, bin.memory - memory),
  least: (bin, cpu, memory) => -(bin.cpu - cpu) - (bin.memory - memory),
};

function nodesNeeded(pods: readonly PackingPod[], score: Score): number {
  const bins: Bin[] = [];
  for (const pod of pods) {
    const cpu = pod.cpuMillis / shape.cpuMillis;
    const memory = pod.memoryMib / shape.memoryMib;
    let best: Bin | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const bin of bins) {
      if (bin.cpu < cpu || bin.memory < memory) continue;
      const value = score(bin, cpu, memory);
      if (value < least) [best, least] = [bin, value];
    }
    if (best === undefined) {
      best = { cpu: 1, memory: 1 };
      bins.push(best);
    }
    best.cpu -= cpu;
    best.memory -= memory;
  }
  return bins.length;
}

/** No packing can do with fewer: the sum of either resource must fit. */
function lowerBound(pods: readonly PackingPod[]): number {
  const cpu = pods.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0) / shape.cpuMillis;
  const memory = pods.reduce((sum, { memoryMib }) => sum + memoryMib, 0) / shape.memoryMib;
  return Math.ceil(Math.max(cpu, memory));
}

for (const workload of ['default', 'cpu250']) {
  const pods = readPods(workload).filter(
    ({ cpuMillis, memoryMib }) => cpuMillis <= shape.cpuMillis && memoryMib <= shape.memoryMib,
  );
  const nodes: Record<string, number> = {};
  for (const [name, score] of Object.entries(policies)) nodes[name] = nodesNeeded(pods, score);
  print({ workload, pods: pods.length, lowerBound: lowerBound(pods), nodes });
}
