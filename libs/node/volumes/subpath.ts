import { chmod, lstat, mkdir, realpath, writeFile } from 'node:fs/promises';
import { dirname, join, normalize, sep } from 'node:path';
import { StatusError } from '../../base/status.ts';
import { bindMount, unmountBelow } from './mounts.ts';

function within(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The part of a path that exists, with links followed. */
async function realParent(path: string): Promise<{ real: string; missing: string[] }> {
  const missing: string[] = [];
  let current = path;
  for (;;) {
    try {
      return { real: await realpath(current), missing };
    } catch {
      const cut = current.lastIndexOf(sep);
      missing.unshift(current.slice(cut + 1));
      current = current.slice(0, Math.max(cut, 1));
    }
  }
}

/**
 * The place of a subPath in a volume, made as a directory when absent. Links are followed here and may not lead out of
 * the volume. @throws StatusError when they do.
 */
export async function resolveSubPath(volume: string, subPath: string): Promise<string> {
  const clean = normalize(subPath);
  if (clean.startsWith('..') || clean.startsWith(sep)) {
    throw new StatusError('Invalid', `subPath "${subPath}" must be a relative path without ..`);
  }
  const root = await realpath(volume);
  const { real, missing } = await realParent(join(root, clean));
  if (!within(root, real)) {
    throw new StatusError('Invalid', `subpath "${join(root, clean)}" not within volume path "${root}"`);
  }
  if (missing.length === 0) return real;
  const target = join(real, ...missing);
  const { mode } = await lstat(root);
  await mkdir(target, { recursive: true });
  await chmod(target, mode & 0o7777);
  return target;
}

/**
 * Holds a subPath still for one container: what is there now is bound to `target`, so that neither an update of the
 * volume nor a link made meanwhile moves it.
 */
export async function bindSubPath(volume: string, subPath: string, target: string): Promise<string> {
  const source = await resolveSubPath(volume, subPath);
  await unmountBelow(target);
  if ((await lstat(source)).isDirectory()) await mkdir(target, { recursive: true });
  else {
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, '', { flag: 'a' });
  }
  await bindMount(source, target);
  return target;
}
