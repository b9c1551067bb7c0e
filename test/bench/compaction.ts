import { type ExpectedPod, FillTable } from '../../libs/scheduling/fill.ts';
import { print } from './measure.ts';
import { type PackingPod, readPods } from './packing-model.ts';
import { typesOf } from './packing-policies.ts';

/**
 * The fewest nodes of one shape on which each policy places all of the trace's pods, by CPU and memory alone. Pods come
 * in their order and stay where they are.
 */
const shape = { cpuMillis: 96_000, memoryMib: 393_216 };
/** Policies are given up to so many times the lower bound. */
const nodesFactorMax = 3;

interface Node {
  cpuMillis: number;
  memoryMib: number;
}

/** What a policy makes of a node that has room; the least wins. */
type Score = (node: Node, pod: PackingPod) => number;

const cpuLeft = (node: Node, pod: PackingPod) => (node.cpuMillis - pod.cpuMillis) / shape.cpuMillis;
const memoryLeft = (node: Node, pod: PackingPod) => (node.memoryMib - pod.memoryMib) / shape.memoryMib;

const policies: Record<string, (pods: readonly PackingPod[]) => Score> = {
  'first fit': () => () => 0,
  'best fit': () => (node, pod) => cpuLeft(node, pod) + memoryLeft(node, pod),
  most: () => (node, pod) => Math.max(cpuLeft(node, pod), memoryLeft(node, pod)),
  least: () => (node, pod) => -cpuLeft(node, pod) - memoryLeft(node, pod),
  fill,
};

/** The scheduler's own strategy `Fill`: what the pod adds to the idle remainder, and then the fuller node. */
function fill(pods: readonly PackingPod[]): Score {
  const expected: ExpectedPod[] = typesOf(pods.map((pod) => ({ ...pod, gpus: 0, gpuThousandths: 0 }))).map(
    ({ cpuMillis, memoryMib, share }) => ({ cpuMillis, memoryBytes: memoryMib, share }),
  );
  const table = new FillTable(expected, { cpuMillis: shape.cpuMillis, memoryBytes: shape.memoryMib });
  return (node, pod) => {
    const before = table.idleShare(node.cpuMillis, node.memoryMib);
    const after = table.idleShare(node.cpuMillis - pod.cpuMillis, node.memoryMib - pod.memoryMib);
    return after - before + 0.01 * cpuLeft(node, pod);
  };
}

function placesAll(pods: readonly PackingPod[], count: number, score: Score): boolean {
  const nodes = Array.from({ length: count }, () => ({ ...shape }));
  for (const pod of pods) {
    let best: Node | undefined;
    let least = Number.POSITIVE_INFINITY;
    let sawEmpty = false;
    for (const node of nodes) {
      if (node.cpuMillis < pod.cpuMillis || node.memoryMib < pod.memoryMib) continue;
      const isEmpty = node.cpuMillis === shape.cpuMillis && node.memoryMib === shape.memoryMib;
      if (isEmpty && sawEmpty) continue;
      sawEmpty ||= isEmpty;
      const value = score(node, pod);
      if (value < least - 1e-9) [best, least] = [node, value];
    }
    if (best === undefined) return false;
    best.cpuMillis -= pod.cpuMillis;
    best.memoryMib -= pod.memoryMib;
  }
  return true;
}

function nodesNeeded(pods: readonly PackingPod[], score: Score): number {
  let enough = Math.ceil(lowerBound(pods) * nodesFactorMax);
  let few = lowerBound(pods) - 1;
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (placesAll(pods, middle, score)) enough = middle;
    else few = middle;
  }
  return enough;
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
  for (const [name, make] of Object.entries(policies)) nodes[name] = nodesNeeded(pods, make(pods));
  print({ workload, pods: pods.length, lowerBound: lowerBound(pods), nodes });
}
