import type { V1Pod } from '../../api/gen/types.ts';
import type { WorkerDeps } from '../deps.ts';
import { removeUnused } from '../imagegc.ts';
import type { PodManager } from '../manager.ts';
import { collectFigures, type StatsSource } from '../stats/collect.ts';
import { Evictions, type Outgrown } from './evictions.ts';
import type { Resource } from './pressure.ts';
import type { Consumer } from './rank.ts';
import { limitsStorage, outgrown } from './storage-limits.ts';
import { storageUseOf } from './storage-use.ts';

/** Watches over the node's memory and disks until stopped. */
export function startEvictions(deps: WorkerDeps, manager: PodManager, stats: StatsSource): Evictions {
  const { pressure, clock, logger, runtime, images, view } = deps;
  const evictions = new Evictions({
    ...{ pressure, clock, logger },
    outgrown: () => outgrownPods(manager.activePods(), deps),
    consumers: (resource) => consumersOf(resource, { deps, manager, stats }),
    reclaim: async (resource) => {
      if (resource === 'memory') return;
      const gc = { runtime, clock, logger, lastUsedMs: images.lastUsedMs };
      await removeUnused(gc, { bytesWanted: Number.POSITIVE_INFINITY, ageMsMin: 0 });
    },
    holds: (pod) => view.pod(pod.metadata?.uid ?? '').containers.some(({ state }) => state === 'running'),
    evict: (pod, message) => manager.evict(pod, message),
  });
  evictions.start();
  return evictions;
}

interface Sources {
  deps: WorkerDeps;
  manager: PodManager;
  stats: StatsSource;
}

function consumersOf(resource: Resource, { deps, manager, stats }: Sources): Promise<Consumer[]> {
  const active = manager.activePods();
  if (resource === 'memory') return Promise.resolve(memoryConsumers(active, stats));
  return Promise.all(active.map((pod) => diskConsumer(pod, deps)));
}

function memoryConsumers(active: readonly V1Pod[], stats: StatsSource): Consumer[] {
  const { pods } = collectFigures({ ...stats, pods: () => [...active] });
  return pods.map(({ pod, usage, containers }) => ({
    pod,
    usedBytes: usage.memoryWorkingSetBytes,
    containers: new Map(containers.map(({ name, usage: own }) => [name, own.memoryWorkingSetBytes])),
  }));
}

async function diskConsumer(pod: V1Pod, deps: WorkerDeps): Promise<Consumer> {
  const { totalBytes, containers } = await storageUseOf(pod, deps);
  return { pod, usedBytes: totalBytes, containers };
}

/** Only pods that have limits are looked at, one after the other. */
async function outgrownPods(active: readonly V1Pod[], deps: WorkerDeps): Promise<Outgrown[]> {
  const limited = active.filter((pod) => !pod.metadata?.deletionTimestamp && limitsStorage(pod));
  const found: Outgrown[] = [];
  for (const pod of limited) {
    const message = outgrown(pod, await storageUseOf(pod, deps));
    if (message !== undefined) found.push({ pod, message });
  }
  return found;
}
