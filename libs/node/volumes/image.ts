import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { V1ImageVolumeSource, V1Pod } from '../../api/gen/types.ts';
import { type ContainerRuntime, RuntimeError } from '../../runtime/runtime.ts';
import type { Images } from '../images.ts';
import { mountAs, mountsBelow } from './mounts.ts';

/** What a volume that shows an image is made with. */
export interface ImageSources {
  images: Pick<Images, 'ensure'>;
  runtime: Pick<ContainerRuntime, 'imageView' | 'removeImageView'>;
}

/** Source: KEP-4639: an image's files are data here. */
const mountOptions = ['ro', 'noexec'];

/** The runtime's name for what one volume of one pod shows. */
const viewKey = (podUid: string, volume: string) => `berth-volume/${podUid}/${volume}`;

/** Shows an image's files in a directory, read-only; safe to repeat. @throws StartError when the image cannot be had. */
export async function showImage(
  { images, runtime }: ImageSources,
  pod: V1Pod,
  volume: { name: string; source: V1ImageVolumeSource; directory: string },
): Promise<void> {
  const { name, source, directory } = volume;
  if ((await mountsBelow(directory)).includes(directory)) return;
  const { id } = await images.ensure({ pod, image: source.reference ?? '', pullPolicy: source.pullPolicy });
  // The directory comes first: by its name the view is found again, whenever this ends.
  await mkdir(directory, { recursive: true });
  const mounts = await runtime.imageView(id, viewKey(pod.metadata?.uid ?? '', name));
  for (const { type, source: from, options } of mounts) {
    await mountAs(directory, { type, source: from, options: [...options, ...mountOptions] });
  }
}

/** Lets go of the images that a pod's volumes, below `directory`, have shown and that are mounted no more. */
export async function removeImageViews(
  runtime: ImageSources['runtime'],
  podUid: string,
  directory: string,
): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names) {
    await runtime.removeImageView(viewKey(podUid, name)).catch((error: unknown) => {
      // A runtime that cannot show images has no views either.
      if (!(error instanceof RuntimeError && error.code === 'unimplemented')) throw error;
    });
  }
}

/** Where a pod's volumes of images are, below the pod's directory. */
export const imagesBelow = (podDirectory: string) => join(podDirectory, 'volumes', 'image');
