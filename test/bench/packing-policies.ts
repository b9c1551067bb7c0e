import { idleDevices } from '../../libs/scheduling/fill.ts';
import { type PackingNode, type PackingPod, type Slots, wholeGpu } from './packing-model.ts';

/** What a policy makes of one way to place a pod; the least wins. */
export type Cost = (node: PackingNode, pod: PackingPod, slots: Slots) => number;

/** A kind of pod and how many of the expected pods are of it. */
export interface PodType extends PackingPod {
  share: number;
}

/** Types of pods that are expected, the most frequent ones. */
const typesMax = 60;

export function typesOf(pods: readonly PackingPod[]): PodType[] {
  const counts = new Map<string, { pod: PackingPod; count: number }>();
  for (const pod of pods) {
    const key = JSON.stringify(pod);
    const known = counts.get(key) ?? { pod, count: 0 };
    known.count++;
    counts.set(key, known);
  }
  const frequent = [...counts.values()].sort((one, other) => other.count - one.count).slice(0, typesMax);
  const total = frequent.reduce((sum, { count }) => sum + count, 0);
  return frequent.map(({ pod, count }) => ({ ...pod, share: count / total }));
}

const freeGpus = (node: PackingNode) => node.gpus.reduce((sum, free) => sum + free, 0);

/** The fullest node by shares of its own size: kube-scheduler's MostAllocated. */
export const most: Cost = (node, pod) => {
  const { cpuMillis, memoryMib, gpus } = node.size;
  const gpuShare = gpus === 0 ? 0 : (freeGpus(node) - pod.gpus * pod.gpuThousandths) / (gpus * wholeGpu);
  const wasted = gpus > 0 && pod.gpus === 0 ? 100 : 0;
  return (
    (node.cpuMillis - pod.cpuMillis) / cpuMillis + (node.memoryMib - pod.memoryMib) / memoryMib + gpuShare + wasted
  );
};

/** The least left over, in absolute amounts. */
export const bestFit: Cost = (node, pod, slots) => {
  const left = (node.cpuMillis - pod.cpuMillis) / 128_000 + (node.memoryMib - pod.memoryMib) / 1_048_576;
  const gpuLeft = (freeGpus(node) - pod.gpus * pod.gpuThousandths) / (8 * wholeGpu);
  return left + gpuLeft + (slots.length === 1 ? node.gpus[slots[0]!]! / 1e6 : 0);
};

/** What a policy rates: a node as it would be. */
interface NodeState {
  cpuMillis: number;
  memoryMib: number;
  gpus: readonly number[];
}

/** A cost that is the growth of something bad. */
function growthOf(badness: (state: NodeState) => number): Cost {
  const known = new WeakMap<PackingNode, { version: number; badness: number }>();
  return (node, pod, slots) => {
    let before = known.get(node);
    if (before?.version !== node.version) {
      before = { version: node.version, badness: badness(node) };
      known.set(node, before);
    }
    const gpus = node.gpus.slice();
    for (const at of slots) gpus[at]! -= pod.gpuThousandths;
    const after = { cpuMillis: node.cpuMillis - pod.cpuMillis, memoryMib: node.memoryMib - pod.memoryMib, gpus };
    return badness(after) - before.badness;
  };
}

/**
 * Fragmentation gradient descent: a free GPU is a fragment to a type of pods that cannot use it next.
 * Source: Weng et al., "Beware of Fragmentation", USENIX ATC 2023.
 */
export function fragmentation(types: readonly PodType[]): Cost {
  return growthOf(({ cpuMillis, memoryMib, gpus }) => {
    const sum = gpus.reduce((total, free) => total + free, 0);
    let fragments = 0;
    for (const type of types) {
      const usable = gpus.filter((free) => free >= type.gpuThousandths);
      const fits =
        type.gpus > 0 && cpuMillis >= type.cpuMillis && memoryMib >= type.memoryMib && usable.length >= type.gpus;
      fragments += type.share * (fits ? sum - usable.reduce((total, free) => total + free, 0) : sum);
    }
    return fragments;
  });
}

/**
 * Berth's own: how much of the node's free GPUs would stay idle if the rest of the node were filled with one type of
 * pods, averaged over the expected types. Where the gradient above asks whether a type fits once, this asks how often:
 * so it sees CPU and memory run out before the GPUs long before they do, and remainders that no pod will fill.
 */
export function fill(types: readonly PodType[]): Cost {
  const asking = types
    .filter(({ gpus }) => gpus > 0)
    .map(({ cpuMillis, memoryMib, gpus, gpuThousandths, share }) => ({
      cpuMillis,
      memoryBytes: memoryMib,
      devices: gpus,
      thousandths: gpuThousandths,
      share,
    }));
  return growthOf(({ cpuMillis, memoryMib, gpus }) =>
    idleDevices({ cpuMillis, memoryBytes: memoryMib, devices: gpus }, asking),
  );
}
