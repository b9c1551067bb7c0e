import type { Stats } from 'node:fs';
import { chmod, lstat, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { V1HostPathVolumeSource } from '../../api/gen/types.ts';
import { StatusError } from '../../base/status.ts';

interface Kind {
  check(stats: Stats): boolean;
  name: string;
}

const kinds: Readonly<Record<string, Kind>> = {
  Directory: { check: (stats) => stats.isDirectory(), name: 'a directory' },
  DirectoryOrCreate: { check: (stats) => stats.isDirectory(), name: 'a directory' },
  File: { check: (stats) => stats.isFile(), name: 'a file' },
  FileOrCreate: { check: (stats) => stats.isFile(), name: 'a file' },
  Socket: { check: (stats) => stats.isSocket(), name: 'a socket file' },
  CharDevice: { check: (stats) => stats.isCharacterDevice(), name: 'a character device' },
  BlockDevice: { check: (stats) => stats.isBlockDevice(), name: 'a block device' },
};

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function create(path: string, type: string): Promise<void> {
  if (await exists(path)) return;
  if (type === 'DirectoryOrCreate') {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  } else if (type === 'FileOrCreate') {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '', { mode: 0o644, flag: 'wx' });
  }
}

/** Makes what the type asks for and checks the rest. @throws StatusError when the path is not of its type. */
export async function checkHostPath(source: V1HostPathVolumeSource): Promise<void> {
  const type = source.type ?? '';
  const kind = kinds[type];
  if (!kind) return;
  await create(source.path, type);
  const stats = await stat(source.path).catch(() => undefined);
  if (stats && kind.check(stats)) return;
  throw new StatusError('Invalid', `hostPath type check failed: ${source.path} is not ${kind.name}`);
}
