import { chmod, chown, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1ImageVolumeSource, V1Pod, V1Volume } from '../../api/gen/types.ts';
import type { Clock } from '../../base/clock.ts';
import { type Random, randomSuffix } from '../../base/random.ts';
import { StatusError } from '../../base/status.ts';
import { unitsOf } from '../../pods/resources.ts';
import type { PodPaths } from '../options.ts';
import { writeVolume } from './atomic.ts';
import { type ContentSources, hasContent, isSecret, volumeContent } from './content.ts';
import { checkHostPath } from './hostpath.ts';
import { type ImageSources, imagesBelow, removeImageViews, showImage } from './image.ts';
import { mountsBelow, mountTmpfs, unmountBelow } from './mounts.ts';

export interface VolumeContext {
  paths: PodPaths;
  sources: (pod: V1Pod) => ContentSources;
  clock: Clock;
  random: Random;
  images: ImageSources;
}

/** A volume could not be set up; the text names it. */
export class VolumeError extends Error {}

/** One pod's volumes: made before its containers, kept up to date, removed after them. */
export class PodVolumes {
  readonly #context: VolumeContext;
  readonly #paths = new Map<string, string>();

  constructor(context: VolumeContext) {
    this.#context = context;
  }

  /** Where the volume is on the node, once it has been set up. */
  pathOf(volume: string): string | undefined {
    return this.#paths.get(volume);
  }

  /** Makes every volume, or what is missing of it; safe to repeat. @throws VolumeError naming the first that fails. */
  async setUp(pod: V1Pod): Promise<void> {
    const results = await Promise.allSettled(
      (pod.spec?.volumes ?? []).map(async (volume) => {
        this.#paths.set(volume.name, await this.#setUpOne(pod, volume));
      }),
    );
    const volumes = pod.spec?.volumes ?? [];
    for (const [index, result] of results.entries()) {
      if (result.status === 'fulfilled') continue;
      const text = result.reason instanceof Error ? result.reason.message : String(result.reason);
      throw new VolumeError(`MountVolume.SetUp failed for volume "${volumes[index]?.name}" : ${text}`);
    }
  }

  /** Brings the volumes made from objects up to date. @throws VolumeError */
  async refresh(pod: V1Pod): Promise<void> {
    for (const volume of (pod.spec?.volumes ?? []).filter(hasContent)) {
      if (!this.#paths.has(volume.name)) continue;
      try {
        await this.#writeContent(pod, volume);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        throw new VolumeError(`MountVolume.SetUp failed for volume "${volume.name}" : ${text}`);
      }
    }
  }

  async #setUpOne(pod: V1Pod, volume: V1Volume): Promise<string> {
    if (hasContent(volume)) return this.#writeContent(pod, volume);
    if (volume.emptyDir) return this.#emptyDir(pod, volume);
    if (volume.hostPath) {
      await checkHostPath(volume.hostPath);
      return volume.hostPath.path;
    }
    if (volume.image) return this.#image(pod, volume.name, volume.image);
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
    throw new StatusError('Invalid', `no volume plugin matched: ${kind} volumes are not supported on this node`);
  }

  async #image(pod: V1Pod, name: string, source: V1ImageVolumeSource): Promise<string> {
    const { paths, images } = this.#context;
    const directory = paths.volume('image', name);
    await showImage(images, pod, { name, source, directory });
    return directory;
  }

  async #writeContent(pod: V1Pod, volume: V1Volume): Promise<string> {
    const { paths, clock, random } = this.#context;
    const content = await volumeContent(volume, this.#context.sources(pod));
    const kind = Object.keys(volume).find((key) => key !== 'name') ?? 'content';
    const directory = isSecret(volume) ? paths.memoryVolume(volume.name) : paths.volume(kind, volume.name);
    const gid = pod.spec?.securityContext?.fsGroup;
    await writeVolume(directory, content, { gid, nowMs: clock.now(), nonce: randomSuffix(random, 6) });
    return directory;
  }

  async #emptyDir(pod: V1Pod, volume: V1Volume): Promise<string> {
    const directory = this.#context.paths.volume('emptyDir', volume.name);
    await mkdir(directory, { recursive: true });
    if (volume.emptyDir?.medium === 'Memory' && !(await mountsBelow(directory)).includes(directory)) {
      const limit = unitsOf(volume.emptyDir.sizeLimit) || memoryLimitOf(pod);
      await mountTmpfs(directory, limit || undefined);
    }
    const gid = pod.spec?.securityContext?.fsGroup;
    if (gid !== undefined) await chown(directory, 0, gid);
    await chmod(directory, gid === undefined ? 0o777 : 0o2777);
    return directory;
  }
}

/** What a pod's memory volumes may hold when they say nothing: the sum of its containers' limits, if all have one. */
function memoryLimitOf(pod: V1Pod): number {
  const limits = (pod.spec?.containers ?? []).map(({ resources }) => unitsOf(resources?.limits?.memory));
  return limits.includes(0) ? 0 : limits.reduce((sum, limit) => sum + limit, 0);
}

/** Removes all files and mounts of a pod. What others mounted in from elsewhere is unmounted, never deleted. */
export async function removePodFiles(
  runtime: ImageSources['runtime'],
  podUid: string,
  paths: Pick<PodPaths, 'directory' | 'memory'>,
): Promise<void> {
  await unmountBelow(paths.directory);
  if ((await mountsBelow(paths.directory)).length > 0) throw new Error(`${paths.directory} is still mounted`);
  await removeImageViews(runtime, podUid, imagesBelow(paths.directory));
  await Promise.all([paths.directory, paths.memory].map((path) => rm(path, { recursive: true, force: true })));
}

/** The uids that directories of volumes exist for. */
export async function podsWithFiles(directory: string): Promise<string[]> {
  return readdir(join(directory)).catch(() => []);
}
