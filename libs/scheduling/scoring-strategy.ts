import type { Cluster } from './cluster.ts';
import { idleDevices } from './fill.ts';
import { cpuColumn, memoryColumn, podsColumn } from './node-table.ts';
import { scoreMax } from './plugin.ts';
import type { PodShape } from './pod-info.ts';

export interface WeightedResource {
  name: string;
  weight: number;
}

/** A point of the curve from utilisation (0 to 100) to score (0 to 10). */
export interface UtilizationPoint {
  utilization: number;
  score: number;
}

/** What free resources are worth. */
export type ScoringStrategy =
  | { type: 'LeastAllocated' | 'MostAllocated'; resources: readonly WeightedResource[] }
  | {
      type: 'RequestedToCapacityRatio';
      resources: readonly WeightedResource[];
      shape: readonly UtilizationPoint[];
    }
  /** Berth's own: see docs/scheduling.md. */
  | { type: 'Fill' };

export const defaultResources: readonly WeightedResource[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
];

/** The highest score of a point of the curve. */
export const shapeScoreMax = 10;
/** How much an emptier node counts beside a step of idle remainder: just enough to break ties towards fuller nodes. */
const emptinessWeight = 0.01;
const wholeDevice = 1000;
/** Idle devices count for so much more than idle CPU and memory. */
const deviceWeight = 20;

/** Scores a node by its slot, 0 to scoreMax. */
export interface Scorer {
  score(slot: number): number;
  /** Changes when all nodes are to be scored anew. */
  epoch?(): number;
}

export function scorerOf(strategy: ScoringStrategy, shape: PodShape, cluster: Cluster): Scorer {
  if (strategy.type === 'Fill') return fillScorer(shape, cluster);
  const curve = curveOf(strategy);
  const isDefault =
    strategy.type === 'LeastAllocated' &&
    strategy.resources.length === 2 &&
    strategy.resources.every(({ name, weight }) => weight === 1 && (name === 'cpu' || name === 'memory'));
  return {
    score: isDefault ? leastOfBoth(shape, cluster) : byUtilization(strategy.resources, curve, { shape, cluster }),
  };
}

/** The default, written out since it is asked for every pod. */
function leastOfBoth({ requests: { scoredCpu, scoredMemory } }: PodShape, { table }: Cluster): Scorer['score'] {
  return (slot) => {
    const cpu = table.allocatable[cpuColumn]![slot]!;
    const memory = table.allocatable[memoryColumn]![slot]!;
    const freeCpu = cpu > 0 ? Math.max(0, 1 - (table.scoredCpu[slot]! + scoredCpu) / cpu) : 0;
    const freeMemory = memory > 0 ? Math.max(0, 1 - (table.scoredMemory[slot]! + scoredMemory) / memory) : 0;
    return ((freeCpu + freeMemory) * scoreMax) / 2;
  };
}

type Curve = (utilization: number) => number;

/** Score (0 to 1) of a utilisation (0 to 1, more when it is over-committed). */
function curveOf(strategy: Exclude<ScoringStrategy, { type: 'Fill' }>): Curve {
  if (strategy.type === 'RequestedToCapacityRatio') return piecewise(strategy.shape);
  return strategy.type === 'LeastAllocated' ? (used) => Math.max(0, 1 - used) : (used) => (used > 1 ? 0 : used);
}

function piecewise(shape: readonly UtilizationPoint[]): Curve {
  return (used) => {
    const at = Math.min(100, used * 100);
    let before = shape[0]!;
    if (at <= before.utilization) return before.score / shapeScoreMax;
    for (const point of shape) {
      if (at <= point.utilization) {
        const way = (at - before.utilization) / (point.utilization - before.utilization);
        return (before.score + way * (point.score - before.score)) / shapeScoreMax;
      }
      before = point;
    }
    return before.score / shapeScoreMax;
  };
}

function byUtilization(
  resources: readonly WeightedResource[],
  curve: Curve,
  { shape: { requests }, cluster: { table } }: { shape: PodShape; cluster: Cluster },
): Scorer['score'] {
  const counted = resources.map(({ name, weight }) => {
    const column = table.column(name);
    const wanted = requests.amounts[requests.columns.indexOf(column)] ?? 0;
    return { column, weight, wanted };
  });
  const used = (column: number, wanted: number, slot: number) => {
    if (column === cpuColumn) return table.scoredCpu[slot]! + requests.scoredCpu;
    if (column === memoryColumn) return table.scoredMemory[slot]! + requests.scoredMemory;
    return table.requested[column]![slot]! + wanted;
  };
  return (slot) => {
    let sum = 0;
    let weights = 0;
    for (const { column, weight, wanted } of counted) {
      const allocatable = table.allocatable[column]![slot]!;
      // Extended resources that a pod does not ask for say nothing about where it should go.
      if (allocatable === 0 || (column > podsColumn && wanted === 0)) continue;
      sum += weight * curve(used(column, wanted, slot) / allocatable);
      weights += weight;
    }
    return weights === 0 ? 0 : (sum / weights) * scoreMax;
  };
}

/** Prefers the node where the pod adds least to what would stay idle if expected pods filled the rest. */
function fillScorer({ requests }: PodShape, cluster: Cluster): Scorer {
  const { table } = cluster;
  const { scoredCpu, scoredMemory } = requests;
  let mix = cluster.mix();
  const deviceGrowth = (slot: number) => {
    let growth = 0;
    for (const [column, kinds] of mix.devices) {
      const size = table.allocatable[column]![slot]!;
      if (size === 0) continue;
      const free = size - table.requested[column]![slot]!;
      const wanted = requests.amounts[requests.columns.indexOf(column)] ?? 0;
      const cpuMillis = table.allocatable[cpuColumn]![slot]! - table.scoredCpu[slot]!;
      const memoryBytes = table.allocatable[memoryColumn]![slot]! - table.scoredMemory[slot]!;
      const before = idleDevices({ cpuMillis, memoryBytes, devices: [free * wholeDevice] }, kinds);
      const left = {
        cpuMillis: Math.max(0, cpuMillis - scoredCpu),
        memoryBytes: Math.max(0, memoryBytes - scoredMemory),
        devices: [Math.max(0, free - wanted) * wholeDevice],
      };
      growth += (idleDevices(left, kinds) - before) / (size * wholeDevice);
    }
    return growth;
  };
  return {
    epoch() {
      mix = cluster.mix();
      return mix.version;
    },
    score(slot) {
      const cpu = table.allocatable[cpuColumn]![slot]! - table.scoredCpu[slot]!;
      const memory = table.allocatable[memoryColumn]![slot]! - table.scoredMemory[slot]!;
      const after = mix.table.idleShare(cpu - scoredCpu, memory - scoredMemory);
      const growth = after - mix.table.idleShare(cpu, memory) + deviceWeight * deviceGrowth(slot);
      const emptiness = (cpu - scoredCpu) / Math.max(1, table.allocatable[cpuColumn]![slot]!);
      // Growth lies between -1 and 1, or 1 + deviceWeight; the curve keeps it within the bounds of a score.
      const badness = growth + emptinessWeight * emptiness;
      return (scoreMax / 2) * (1 - badness / (1 + Math.abs(badness)));
    },
  };
}
