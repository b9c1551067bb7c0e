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

/** Watches over the node's memory and disks until stopped. */
export function startEvictions(deps: WorkerDeps, manager: PodManager, stats: StatsSource): Evictions {
  const { pressure, clock, logger, runtime, images, view } = deps;
  const evictions = new Evictions({
    ...{ pressure, clock, logger },
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

/** Volumes and logs; what containers write beside them is not known here. */
async function diskConsumer(pod: V1Pod, deps: WorkerDeps): Promise<Consumer> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const [volumes, logs] = await Promise.all([diskUsage(paths.directory), diskUsage(paths.logs)]);
  return { pod, usedBytes: volumes + logs, containers: new Map() };
}
