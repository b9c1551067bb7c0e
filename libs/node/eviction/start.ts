import type { V1Pod } from '../../api/gen/types.ts';
import type { WorkerDeps } from '../deps.ts';
import { removeUnused } from '../imagegc.ts';
import type { PodManager } from '../manager.ts';
import { PodPaths } from '../options.ts';
import { identity } from '../starter.ts';
import { collectFigures, type StatsSource } from '../stats/collect.ts';
import { diskUsage } from './disk-usage.ts';
import { Evictions, type Outgrown } from './evictions.ts';
import type { Resource } from './pressure.ts';
import type { Consumer } from './rank.ts';
import { limitedVolumes, limitsStorage, outgrown, type StorageUse } from './storage-limits.ts';

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
  return { pod, usedBytes: await diskBytesOf(pod, deps), containers: new Map() };
}

/**
 * Volumes and logs; what containers write beside them is not known here. Parts of volumes that are bound for containers
 * are left out: they are counted where they are, if they are the pod's at all.
 */
async function diskBytesOf(pod: V1Pod, deps: WorkerDeps, parts?: Map<string, number>): Promise<number> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const leaveOut = (path: string) => path === paths.subPaths;
  const [volumes, logs] = await Promise.all([
    diskUsage(paths.directory, { leaveOut, ...(parts && { parts }) }),
    diskUsage(paths.logs),
  ]);
  return volumes + logs;
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

async function storageUseOf(pod: V1Pod, deps: WorkerDeps): Promise<StorageUse> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const folders = limitedVolumes(pod).map(({ name }) => [name, paths.volume('emptyDir', name)] as const);
  const parts = new Map(folders.map(([, folder]) => [folder, 0]));
  const totalBytes = await diskBytesOf(pod, deps, parts);
  return { volumes: new Map(folders.map(([name, folder]) => [name, parts.get(folder) ?? 0])), totalBytes };
}
