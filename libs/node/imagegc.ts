import type { V1Pod } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { ContainerRuntime, ImageInfo } from '../runtime/runtime.ts';
import { diskOf } from './eviction/pressure.ts';
import { textOf } from './failure.ts';
import { normalizeImage } from './registry.ts';

/** Images that nothing runs are removed when the disk is fuller than `fullShare`, until it is at `goalShare`. */
export const imageGc = { checkMs: 300_000, fullShare: 0.85, goalShare: 0.8, ageMsMin: 120_000 };

/** Images of this host were brought by hand or by Berth itself: no registry gives them back. */
const noRegistry = 'localhost/';

export interface ImageUse {
  images: readonly ImageInfo[];
  /** Ids and names of what runs. */
  used: ReadonlySet<string>;
  lastUsedMs: ReadonlyMap<string, number>;
  nowMs: number;
  bytesWanted: number;
  /** Images that were used more recently than this stay. */
  ageMsMin: number;
}

/** The images to remove: the longest unused first, never one that runs, is pinned or has just come. */
export function imagesToRemove(use: ImageUse): ImageInfo[] {
  const free = use.images
    .filter(({ id, pinned, tags, digests }) => !pinned && ![id, ...tags, ...digests].some((name) => use.used.has(name)))
    .filter(({ tags }) => !tags.some((tag) => tag.startsWith(noRegistry)))
    .map((image) => ({ image, lastUsed: use.lastUsedMs.get(image.id) ?? 0 }))
    .filter(({ lastUsed }) => use.nowMs - lastUsed >= use.ageMsMin)
    .sort((a, b) => a.lastUsed - b.lastUsed);
  const chosen: ImageInfo[] = [];
  let freed = 0;
  for (const { image } of free) {
    if (freed >= use.bytesWanted) break;
    chosen.push(image);
    freed += image.sizeBytes;
  }
  return chosen;
}

/** The images that volumes of pods show, by the names that the runtime knows them by. */
export function imagesOfVolumes(pods: readonly V1Pod[]): string[] {
  const references = pods.flatMap(({ spec }) => (spec?.volumes ?? []).map(({ image }) => image?.reference ?? ''));
  return references.flatMap((reference) => normalizeImage(reference) ?? []);
}

export interface ImageGcDeps {
  runtime: ContainerRuntime;
  clock: Clock;
  logger: Logger;
  lastUsedMs: ReadonlyMap<string, number>;
  /** Those that hold something of the node. */
  pods: () => readonly V1Pod[];
}

async function collect(deps: ImageGcDeps): Promise<void> {
  const filesystem = await deps.runtime.imageFilesystem();
  if (!filesystem?.mountpoint) return;
  const { totalBytes, availableBytes } = diskOf(filesystem.mountpoint);
  const usedShare = 1 - availableBytes / totalBytes;
  if (usedShare <= imageGc.fullShare) return;
  const bytesWanted = (usedShare - imageGc.goalShare) * totalBytes;
  await removeUnused(deps, { bytesWanted, ageMsMin: imageGc.ageMsMin });
}

/** Removes images that nothing runs until so many bytes are free, or none is left. */
export async function removeUnused(
  deps: ImageGcDeps,
  { bytesWanted, ageMsMin }: Pick<ImageUse, 'bytesWanted' | 'ageMsMin'>,
): Promise<void> {
  const [images, containers] = await Promise.all([deps.runtime.listImages(), deps.runtime.listContainers()]);
  const ofContainers = containers.flatMap(({ image, imageRef }) => [image, imageRef]);
  const used = new Set([...ofContainers, ...imagesOfVolumes(deps.pods())]);
  const nowMs = deps.clock.now();
  const use = { images, used, lastUsedMs: deps.lastUsedMs, nowMs, bytesWanted, ageMsMin };
  for (const image of imagesToRemove(use)) {
    deps.logger.info('removing an unused image', { image: image.tags[0] ?? image.id, bytes: image.sizeBytes });
    await deps.runtime.removeImage(image.id);
  }
}

/** Keeps images from filling the disk until stopped. */
export function collectImages(deps: ImageGcDeps): () => void {
  let stopped = false;
  let timer: { cancel(): void };
  const again = () => {
    timer = deps.clock.setTimer(imageGc.checkMs, async () => {
      await collect(deps).catch((error: unknown) =>
        deps.logger.warn('cannot collect images', { error: textOf(error) }),
      );
      if (!stopped) again();
    });
  };
  again();
  return () => {
    stopped = true;
    timer.cancel();
  };
}
