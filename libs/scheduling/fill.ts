/** A kind of pod that is expected, by what it asks for, and its share of all pods. */
export interface ExpectedPod {
  cpuMillis: number;
  memoryBytes: number;
  share: number;
}

/** Steps that the largest node's CPU and memory are divided in: finer tells more remainders apart. */
const cpuSteps = 480;
const memorySteps = 192;
/** Kinds of pods that fill nodes in thought, the most frequent. More kinds promise fits that seldom come. */
export const expectedKindsMax = 16;

/**
 * For every amount of free CPU and memory: what share of the largest node's scarcer resource would stay idle, if the
 * rest were filled as well as expected pods can fill it. Adding up pods of all kinds is the knapsack problem, solved
 * once for all amounts; demands are rounded up to whole steps, so that what is promised to fit does.
 */
export class FillTable {
  private readonly idle: Float32Array;
  private readonly cpuStep: number;
  private readonly memoryStep: number;

  constructor(expected: readonly ExpectedPod[], largest: { cpuMillis: number; memoryBytes: number }) {
    this.cpuStep = Math.max(1, largest.cpuMillis) / cpuSteps;
    this.memoryStep = Math.max(1, largest.memoryBytes) / memorySteps;
    const kinds = expected.slice(0, expectedKindsMax).map(({ cpuMillis, memoryBytes }) => ({
      cpu: Math.ceil(cpuMillis / this.cpuStep - 1e-9),
      memory: Math.ceil(memoryBytes / this.memoryStep - 1e-9),
    }));
    this.idle = solve(
      kinds.filter(({ cpu, memory }) => cpu + memory > 0),
      isCpuScarcer(expected, largest),
    );
  }

  /** 0 for a remainder that expected pods fill to the last step, up to 1. */
  idleShare(freeCpuMillis: number, freeMemoryBytes: number): number {
    const cpu = Math.min(cpuSteps, Math.max(0, Math.floor(freeCpuMillis / this.cpuStep + 1e-9)));
    const memory = Math.min(memorySteps, Math.max(0, Math.floor(freeMemoryBytes / this.memoryStep + 1e-9)));
    return this.idle[cpu * (memorySteps + 1) + memory]!;
  }
}

function solve(kinds: ReadonlyArray<{ cpu: number; memory: number }>, cpuCounts: boolean): Float32Array {
  const width = memorySteps + 1;
  const idle = new Float32Array((cpuSteps + 1) * width);
  for (let cpu = 0; cpu <= cpuSteps; cpu++) {
    for (let memory = 0; memory <= memorySteps; memory++) {
      let least = cpuCounts ? cpu / cpuSteps : memory / memorySteps;
      for (const kind of kinds) {
        if (kind.cpu > cpu || kind.memory > memory) continue;
        const left = idle[(cpu - kind.cpu) * width + memory - kind.memory]!;
        if (left < least) least = left;
      }
      idle[cpu * width + memory] = least;
    }
  }
  return idle;
}

/** Whether the pods that are expected use up a node's CPU before its memory. */
function isCpuScarcer(expected: readonly ExpectedPod[], largest: { cpuMillis: number; memoryBytes: number }): boolean {
  let cpu = 0;
  let memory = 0;
  for (const { cpuMillis, memoryBytes, share } of expected) {
    cpu += cpuMillis * share;
    memory += memoryBytes * share;
  }
  return cpu / Math.max(1, largest.cpuMillis) >= memory / Math.max(1, largest.memoryBytes);
}

/** A kind of pod that asks for devices such as GPUs. */
export interface DevicePod extends ExpectedPod {
  devices: number;
  /** What it takes of each of its devices; less than a whole one only when it asks for a single one. */
  thousandths: number;
}

/**
 * How much of a node's free devices, in thousandths, would stay idle if the rest of the node were filled with one kind
 * of pods, averaged over the kinds. Pods fill devices in whole pods; CPU and memory are taken as divisible, since what
 * one kind leaves of them another uses.
 */
export function idleDevices(
  free: { cpuMillis: number; memoryBytes: number; devices: readonly number[] },
  kinds: readonly DevicePod[],
): number {
  let sum = 0;
  for (const each of free.devices) sum += each;
  if (sum === 0) return 0;
  let idle = 0;
  for (const kind of kinds) {
    let pods = 0;
    for (const each of free.devices) pods += Math.trunc(each / kind.thousandths);
    if (kind.devices > 1) pods = Math.trunc(pods / kind.devices);
    if (pods * kind.cpuMillis > free.cpuMillis) pods = free.cpuMillis / kind.cpuMillis;
    if (pods * kind.memoryBytes > free.memoryBytes) pods = free.memoryBytes / kind.memoryBytes;
    idle += kind.share * (sum - pods * kind.devices * kind.thousandths);
  }
  return idle;
}
