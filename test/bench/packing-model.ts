import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A whole GPU, in the thousandths that pods ask for. */
export const wholeGpu = 1000;

export interface PackingPod {
  cpuMillis: number;
  memoryMib: number;
  gpus: number;
  /** Of each of its GPUs; less than a whole one only when it asks for a single one. */
  gpuThousandths: number;
}

export interface PackingNode {
  cpuMillis: number;
  memoryMib: number;
  readonly size: Readonly<{ cpuMillis: number; memoryMib: number; gpus: number }>;
  /** What is free of each GPU. */
  readonly gpus: number[];
  /** Grows with each pod. */
  version: number;
}

/** One way to put a pod on a node: which of its GPUs it gets. */
export type Slots = readonly number[];

const data = join(import.meta.dirname, '../../../test/bench/data/openb');

function rows(file: string): number[][] {
  const text = gunzipSync(readFileSync(join(data, file))).toString();
  const [, ...lines] = text.trim().split('\n');
  return lines.map((line) => line.split(',').map(Number));
}

export function readNodes(): PackingNode[] {
  return rows('nodes.csv.gz').map(([cpuMillis = 0, memoryMib = 0, gpus = 0]) => ({
    cpuMillis,
    memoryMib,
    size: { cpuMillis, memoryMib, gpus },
    gpus: new Array<number>(gpus).fill(wholeGpu),
    version: 0,
  }));
}

export function readPods(workload: string): PackingPod[] {
  return rows(`pods-${workload}.csv.gz`).map(([cpuMillis = 0, memoryMib = 0, gpus = 0, thousandths = 0]) => ({
    cpuMillis,
    memoryMib,
    gpus,
    gpuThousandths: gpus === 0 ? 0 : thousandths,
  }));
}

/** Every distinct way to put the pod on the node; GPUs that are equally free are one. */
export function waysToPlace(node: PackingNode, pod: PackingPod): Slots[] {
  if (node.cpuMillis < pod.cpuMillis || node.memoryMib < pod.memoryMib) return [];
  if (pod.gpus === 0) return [[]];
  const free = node.gpus.flatMap((thousandths, at) => (thousandths >= pod.gpuThousandths ? [at] : []));
  if (free.length < pod.gpus) return [];
  if (pod.gpus > 1 || pod.gpuThousandths === wholeGpu) return [free.slice(0, pod.gpus)];
  return free
    .filter((at, place) => free.findIndex((other) => node.gpus[other] === node.gpus[at]) === place)
    .map((at) => [at]);
}

export function put(node: PackingNode, pod: PackingPod, slots: Slots): void {
  node.cpuMillis -= pod.cpuMillis;
  node.memoryMib -= pod.memoryMib;
  for (const at of slots) node.gpus[at]! -= pod.gpuThousandths;
  node.version++;
}

export const gpuDemand = ({ gpus, gpuThousandths }: PackingPod) => (gpus * gpuThousandths) / wholeGpu;
