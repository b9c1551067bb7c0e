import { statfsSync, statSync } from 'node:fs';
import type { Clock } from '../../base/clock.ts';
import type { CgroupTree } from '../cgroups/cgroups.ts';

/** Below what a node is under pressure. */
export const evictionThresholds = {
  /** Memory, or the share of the node's where that is less. */
  memoryFreeBytesMin: 100 * 2 ** 20,
  memoryFreeShareMin: 0.05,
  /** Free shares of the file systems of volumes and logs, and of images. */
  volumesFreeShareMin: 0.1,
  imagesFreeShareMin: 0.15,
} as const;
/** With this much room a disk is not under pressure, however large it is and however full. */
const diskFreeBytesEnough = 2 * 2 ** 30;
/** A condition stays for this long after its cause has gone, so that pods do not come back only to be evicted again. */
const pressureKeptMs = 5 * 60_000;

export type Resource = 'memory' | 'ephemeral-storage';

/** Of the disk that volumes and logs are on. */
export const nodeDisk = 'nodefs.available';

/** Something that the node runs short of. */
export interface Shortage {
  resource: Resource;
  /** As in Kubernetes' eviction signals: memory.available, nodefs.available, imagefs.available. */
  signal: string;
  availableBytes: number;
  thresholdBytes: number;
}

export interface Measures {
  memory: { totalBytes: number; availableBytes: number };
  volumes: { totalBytes: number; availableBytes: number };
  /** undefined when the runtime does not say where its images are. */
  images: { totalBytes: number; availableBytes: number } | undefined;
}

function diskShortage(
  signal: string,
  disk: { totalBytes: number; availableBytes: number } | undefined,
  share: number,
): Shortage[] {
  if (!disk) return [];
  const thresholdBytes = Math.min(diskFreeBytesEnough, Math.floor(disk.totalBytes * share));
  const { availableBytes } = disk;
  return availableBytes < thresholdBytes
    ? [{ resource: 'ephemeral-storage', signal, availableBytes, thresholdBytes }]
    : [];
}

/** What is short, memory first: it kills sooner. */
export function shortages({ memory, volumes, images }: Measures): Shortage[] {
  const thresholdBytes = Math.min(
    evictionThresholds.memoryFreeBytesMin,
    Math.floor(memory.totalBytes * evictionThresholds.memoryFreeShareMin),
  );
  const { availableBytes } = memory;
  const short = availableBytes < thresholdBytes;
  return [
    ...(short ? [{ resource: 'memory' as const, signal: 'memory.available', availableBytes, thresholdBytes }] : []),
    ...diskShortage(nodeDisk, volumes, evictionThresholds.volumesFreeShareMin),
    ...diskShortage('imagefs.available', images, evictionThresholds.imagesFreeShareMin),
  ];
}

/** The size of the file system that holds a path, and what ordinary users may still take of it. */
export function diskOf(path: string): { totalBytes: number; availableBytes: number } {
  const { blocks, bavail, bsize } = statfsSync(path);
  return { totalBytes: blocks * bsize, availableBytes: bavail * bsize };
}

/** Whether two paths are on different file systems. */
export function onOtherDisks(path: string, other: string): boolean {
  return statSync(path).dev !== statSync(other).dev;
}

/** Measures the node and remembers what it was short of lately. */
export class NodePressure {
  readonly #options: {
    clock: Clock;
    measure: () => Measures;
  };
  readonly #lastShortMs = new Map<Resource, number>();

  constructor(options: { clock: Clock; measure: () => Measures }) {
    this.#options = options;
  }

  /** What is short now. */
  look(): Shortage[] {
    const found = shortages(this.#options.measure());
    for (const { resource } of found) this.#lastShortMs.set(resource, this.#options.clock.monotonic());
    return found;
  }

  /** Whether the node has been short of it just now or a moment ago. */
  under(resource: Resource): boolean {
    const since = this.#lastShortMs.get(resource);
    return since !== undefined && this.#options.clock.monotonic() - since < pressureKeptMs;
  }
}

/** Reads the node's figures: memory as its pods' cgroup counts it, disks as their file systems do. */
export function nodeMeasures(of: {
  tree: CgroupTree;
  podsCgroup: string;
  memoryBytes: number;
  volumesPath: string;
  imagesPath: string | undefined;
}): Measures {
  const used = of.tree.sample(of.podsCgroup)?.memoryWorkingSetBytes ?? 0;
  return {
    memory: { totalBytes: of.memoryBytes, availableBytes: Math.max(0, of.memoryBytes - used) },
    volumes: diskOf(of.volumesPath),
    images: of.imagesPath === undefined ? undefined : diskOf(of.imagesPath),
  };
}
