import { print } from './measure.ts';
import {
  gpuDemand,
  type PackingNode,
  type PackingPod,
  put,
  readNodes,
  readPods,
  type Slots,
  waysToPlace,
} from './packing-model.ts';
import { bestFit, type Cost, fill, fragmentation, most, type PodType, typesOf } from './packing-policies.ts';

/**
 * Places the pods of a real GPU cluster's trace in their order, again from the start until the GPUs asked for are 130 %
 * of those that exist, and prints what share of the cluster is allocated on the way.
 */
const loads = [0.5, 0.8, 0.9, 1, 1.1, 1.2, 1.3];
const workloads = ['default', 'cpu250'];

/** The best place on each node for one class of equal pods, kept until the node changes. */
class Ranking {
  private readonly versions: Int32Array;
  private readonly costs: Float64Array;
  private readonly slots: Array<Slots | undefined>;

  constructor(nodes: number) {
    this.versions = new Int32Array(nodes).fill(-1);
    this.costs = new Float64Array(nodes);
    this.slots = new Array(nodes).fill(undefined);
  }

  choose(nodes: readonly PackingNode[], pod: PackingPod, cost: Cost): { node: PackingNode; slots: Slots } | undefined {
    let best = -1;
    for (let at = 0; at < nodes.length; at++) {
      if (this.versions[at] !== nodes[at]!.version) this.rate(at, nodes[at]!, pod, cost);
      if (this.slots[at] !== undefined && (best < 0 || this.costs[at]! < this.costs[best]!)) best = at;
    }
    return best < 0 ? undefined : { node: nodes[best]!, slots: this.slots[best]! };
  }

  private rate(at: number, node: PackingNode, pod: PackingPod, cost: Cost): void {
    this.versions[at] = node.version;
    this.slots[at] = undefined;
    for (const slots of waysToPlace(node, pod)) {
      const value = cost(node, pod, slots);
      if (this.slots[at] !== undefined && value >= this.costs[at]!) continue;
      this.slots[at] = slots;
      this.costs[at] = value;
    }
  }
}

function run(workload: string, name: string, makeCost: (types: readonly PodType[]) => Cost): void {
  const nodes = readNodes();
  const pods = readPods(workload);
  const cost = makeCost(typesOf(pods));
  const rankings = new Map<string, Ranking>();
  const keys = pods.map((pod) => JSON.stringify(pod));
  const gpus = nodes.reduce((sum, { size }) => sum + size.gpus, 0);
  const allocated: Record<string, { gpu: number; cpu: number; memory: number }> = {};
  const pending = [...loads];
  let offered = 0;
  let decisions = 0;
  const from = performance.now();
  for (let at = 0; pending.length > 0; at++) {
    const pod = pods[at % pods.length]!;
    const key = keys[at % pods.length]!;
    let ranking = rankings.get(key);
    if (ranking === undefined) {
      ranking = new Ranking(nodes.length);
      rankings.set(key, ranking);
    }
    const choice = ranking.choose(nodes, pod, cost);
    if (choice !== undefined) put(choice.node, pod, choice.slots);
    decisions++;
    offered += gpuDemand(pod) / gpus;
    while (pending.length > 0 && offered >= pending[0]!)
      allocated[`${Math.round(pending.shift()! * 100)} %`] = shares(nodes);
  }
  const microseconds = ((performance.now() - from) * 1000) / decisions;
  print({ workload, policy: name, allocatedPercent: allocated, microsecondsPerDecision: +microseconds.toFixed(1) });
}

function shares(nodes: readonly PackingNode[]): { gpu: number; cpu: number; memory: number } {
  const percent = (free: (node: PackingNode) => number, size: (node: PackingNode) => number) => {
    let used = 0;
    let total = 0;
    for (const node of nodes) {
      used += size(node) - free(node);
      total += size(node);
    }
    return +((100 * used) / total).toFixed(2);
  };
  return {
    gpu: percent(
      ({ gpus }) => gpus.reduce((sum, free) => sum + free, 0) / 1000,
      ({ size }) => size.gpus,
    ),
    cpu: percent(
      ({ cpuMillis }) => cpuMillis,
      ({ size }) => size.cpuMillis,
    ),
    memory: percent(
      ({ memoryMib }) => memoryMib,
      ({ size }) => size.memoryMib,
    ),
  };
}

const policies: Record<string, (types: readonly PodType[]) => Cost> = {
  most: () => most,
  'best fit': () => bestFit,
  'fragmentation gradient': fragmentation,
  fill,
};

for (const workload of process.argv[2] ? [process.argv[2]] : workloads) {
  for (const [name, makeCost] of Object.entries(policies)) {
    if (process.argv[3] === undefined || process.argv[3] === name) run(workload, name, makeCost);
  }
}
