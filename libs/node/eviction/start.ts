import type { V1Pod } from '../../api/gen/types.ts';
import type { WorkerDeps } from '../deps.ts';
import { removeUnused } from '../imagegc.ts';
import type { PodManager } from '../manager.ts';
import { PodPaths } from '../options.ts';
import { identity } from '../starter.ts';
import { collectFigures, type StatsSource } from '../stats/collect.ts';
import { diskUsage } from './disk-usage.ts';
import { Evictions } from './evictions.ts';
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

/** Volumes and logs; what containers write beside them is not known here. */
async function diskBytesOf(pod: V1Pod, deps: WorkerDeps): Promise<number> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const [volumes, logs] = await Promise.all([diskUsage(paths.directory), diskUsage(paths.logs)]);
  return volumes + logs;
}

/** Only pods that have limits are looked at. */
async function outgrownPods(
  active: readonly V1Pod[],
  deps: WorkerDeps,
): Promise<Array<{ pod: V1Pod; message: string }>> {
  const limited = active.filter((pod) => !pod.metadata?.deletionTimestamp && limitsStorage(pod));
  const found = await Promise.all(
    limited.map(async (pod) => ({ pod, message: outgrown(pod, await storageUseOf(pod, deps)) })),
  );
  return found.flatMap(({ pod, message }) => (message === undefined ? [] : [{ pod, message }]));
}

async function storageUseOf(pod: V1Pod, deps: WorkerDeps): Promise<StorageUse> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const measured = limitedVolumes(pod).map(
    async ({ name }) => [name, await diskUsage(paths.volume('emptyDir', name))] as const,
  );
  return { volumes: new Map(await Promise.all(measured)), totalBytes: await diskBytesOf(pod, deps) };
}
