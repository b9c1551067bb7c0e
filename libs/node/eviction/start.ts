import type { V1Pod } from '../../api/gen/types.ts';
import type { WorkerDeps } from '../deps.ts';
import { removeUnused } from '../imagegc.ts';
import type { PodManager } from '../manager.ts';
import { collectFigures, type StatsSource } from '../stats/collect.ts';
import { Evictions, type Outgrown } from './evictions.ts';
import { nodeDisk, onOtherDisks, type Shortage } from './pressure.ts';
import type { Consumer } from './rank.ts';
import { limitsStorage, outgrown } from './storage-limits.ts';
import { type CountedParts, storageUseOf } from './storage-use.ts';

/** Watches over the node's memory and disks until stopped. */
export function startEvictions(options: EvictionOptions): Evictions {
  const { deps, manager, imagesPath } = options;
  const imagesApart = imagesPath !== undefined && onOtherDisks(deps.paths.pods, imagesPath);
  const sources = { ...options, imagesApart };
  const { pressure, clock, logger, runtime, images, view } = deps;
  const evictions = new Evictions({
    ...{ pressure, clock, logger },
    outgrown: () => outgrownPods(sources),
    consumers: (shortage) => consumersOf(shortage, sources),
    reclaim: async (resource) => {
      if (resource === 'memory') return;
      const gc = { runtime, clock, logger, lastUsedMs: images.lastUsedMs, pods: () => manager.activePods() };
      await removeUnused(gc, { bytesWanted: Number.POSITIVE_INFINITY, ageMsMin: 0 });
    },
    holds: (pod) => view.pod(pod.metadata?.uid ?? '').containers.some(({ state }) => state === 'running'),
    evict: (pod, message) => manager.evict(pod, message),
  });
  evictions.start();
  return evictions;
}

export interface EvictionOptions {
  deps: WorkerDeps;
  manager: PodManager;
  stats: StatsSource;
  /** Where images are, when the runtime says so. */
  imagesPath: string | undefined;
}

interface EvictionSources extends EvictionOptions {
  /** Images, and with them what containers write, are on another disk than volumes and logs. */
  imagesApart: boolean;
}

/** What of pods is on the disk that a signal tells of. Source: kubelet, a dedicated image file system. */
function countedFor(signal: string, imagesApart: boolean): CountedParts {
  if (!imagesApart) return { volumesAndLogs: true, layers: true };
  return { volumesAndLogs: signal === nodeDisk, layers: signal !== nodeDisk };
}

function consumersOf({ resource, signal }: Shortage, sources: EvictionSources): Promise<Consumer[]> {
  const active = sources.manager.activePods();
  if (resource === 'memory') return Promise.resolve(memoryConsumers(active, sources.stats));
  const counted = countedFor(signal, sources.imagesApart);
  return Promise.all(active.map((pod) => diskConsumer(pod, sources.deps, counted)));
}

function memoryConsumers(active: readonly V1Pod[], stats: StatsSource): Consumer[] {
  const { pods } = collectFigures({ ...stats, pods: () => [...active] });
  return pods.map(({ pod, usage, containers }) => ({
    pod,
    usedBytes: usage.memoryWorkingSetBytes,
    containers: new Map(containers.map(({ name, usage: own }) => [name, own.memoryWorkingSetBytes])),
  }));
}

async function diskConsumer(pod: V1Pod, deps: WorkerDeps, counted: CountedParts): Promise<Consumer> {
  const { totalBytes, containers } = await storageUseOf(pod, deps, counted);
  return { pod, usedBytes: totalBytes, containers };
}

/** Only pods that have limits are looked at, one after the other. */
async function outgrownPods({ deps, manager, imagesApart }: EvictionSources): Promise<Outgrown[]> {
  const counted = countedFor(nodeDisk, imagesApart);
  const limited = manager.activePods().filter((pod) => !pod.metadata?.deletionTimestamp && limitsStorage(pod));
  const found: Outgrown[] = [];
  for (const pod of limited) {
    const message = outgrown(pod, await storageUseOf(pod, deps, counted));
    if (message !== undefined) found.push({ pod, message });
  }
  return found;
}
