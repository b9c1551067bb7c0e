import { join } from 'node:path';
import type { V1Pod } from '../../api/gen/types.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import type { WorkerDeps } from '../deps.ts';
import { PodPaths } from '../options.ts';
import { identity } from '../starter.ts';
import type { RuntimeView } from '../view.ts';
import { imagesBelow } from '../volumes/image.ts';
import { diskUsage } from './disk-usage.ts';
import { limitedVolumes, type StorageUse } from './storage-limits.ts';

interface Sources extends Pick<WorkerDeps, 'paths' | 'logger'> {
  view: Pick<RuntimeView, 'pod'>;
  runtime: Pick<ContainerRuntime, 'writtenBytes'>;
}

/** What of a pod is counted: what is on the disk in question. */
export interface CountedParts {
  volumesAndLogs: boolean;
  /** What containers write beside their volumes, which is where images are. */
  layers: boolean;
}

/**
 * What a pod has on the node's disk: volumes, logs, and what its running containers have written beside their volumes.
 * Parts of volumes that are bound for containers are left out: they are counted where they are, if they are the pod's at
 * all. So are images that are shown as volumes: they are the node's.
 */
export async function storageUseOf(pod: V1Pod, deps: Sources, counted: CountedParts): Promise<StorageUse> {
  const paths = new PodPaths(deps.paths, identity(pod));
  const folders = limitedVolumes(pod).map(({ name }) => [name, paths.volume('emptyDir', name)] as const);
  const volumes = new Map(folders.map(([, folder]) => [folder, 0]));
  const layers = await layersOf(pod, deps, counted);
  const logs = new Map([...layers.keys()].map((name) => [join(paths.logs, name), 0]));
  const elsewhere = [paths.subPaths, imagesBelow(paths.directory)];
  const [filesBytes, logsBytes] = counted.volumesAndLogs
    ? await Promise.all([
        diskUsage(paths.directory, { leaveOut: (path) => elsewhere.includes(path), parts: volumes }),
        diskUsage(paths.logs, { parts: logs }),
      ])
    : [0, 0];
  const containers = [...layers].map(
    ([name, bytes]) => [name, bytes + (logs.get(join(paths.logs, name)) ?? 0)] as const,
  );
  return {
    volumes: new Map(folders.map(([name, folder]) => [name, volumes.get(folder) ?? 0])),
    containers: new Map(containers),
    totalBytes: filesBytes + logsBytes + [...layers.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** What each running container has written to its own layer, by the container's name; nothing when that does not count. */
async function layersOf(pod: V1Pod, { view, runtime, logger }: Sources, counted: CountedParts) {
  const { containers } = view.pod(pod.metadata?.uid ?? '');
  const layers = new Map<string, number>();
  for (const { id, name, state } of containers) {
    if (state !== 'running') continue;
    try {
      layers.set(name, counted.layers ? await runtime.writtenBytes(id) : 0);
    } catch (error) {
      // It may have ended meanwhile; its logs count still.
      logger.debug('cannot see what a container has written', { id, error });
      layers.set(name, 0);
    }
  }
  return layers;
}
