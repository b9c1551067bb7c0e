import { join } from 'node:path';
import type { V1Pod } from '../../api/gen/types.ts';
import type { WorkerDeps } from '../deps.ts';
import { PodPaths } from '../options.ts';
import { identity } from '../starter.ts';
import { diskUsage } from './disk-usage.ts';
import { limitedVolumes, type StorageUse } from './storage-limits.ts';

type Sources = Pick<WorkerDeps, 'paths' | 'view' | 'runtime' | 'logger'>;

/**
 * What a pod has on the node's disk: volumes, logs, and what its running containers have written beside their volumes.
 * Parts of volumes that are bound for containers are left out: they are counted where they are, if they are the pod's at
 * all.
 */
export async function storageUseOf(pod: V1Pod, deps: Sources): Promise<StorageUse> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const folders = limitedVolumes(pod).map(({ name }) => [name, paths.volume('emptyDir', name)] as const);
  const volumes = new Map(folders.map(([, folder]) => [folder, 0]));
  const layers = await layersOf(pod, deps);
  const logs = new Map([...layers.keys()].map((name) => [join(paths.logs, name), 0]));
  const [filesBytes, logsBytes] = await Promise.all([
    diskUsage(paths.directory, { leaveOut: (path) => path === paths.subPaths, parts: volumes }),
    diskUsage(paths.logs, { parts: logs }),
  ]);
  const containers = [...layers].map(
    ([name, bytes]) => [name, bytes + (logs.get(join(paths.logs, name)) ?? 0)] as const,
  );
  return {
    volumes: new Map(folders.map(([name, folder]) => [name, volumes.get(folder) ?? 0])),
    containers: new Map(containers),
    totalBytes: filesBytes + logsBytes + [...layers.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** What each running container has written to its own layer, by the container's name. */
async function layersOf(pod: V1Pod, { view, runtime, logger }: Sources): Promise<Map<string, number>> {
  const { containers } = view.pod(pod.metadata?.uid ?? '');
  const layers = new Map<string, number>();
  for (const { id, name, state } of containers) {
    if (state !== 'running') continue;
    try {
      layers.set(name, await runtime.writtenBytes(id));
    } catch (error) {
      // It may have ended meanwhile; its logs count still.
      logger.debug('cannot see what a container has written', { id, error });
      layers.set(name, 0);
    }
  }
  return layers;
}
