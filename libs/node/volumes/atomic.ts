import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { rfc3339Micro } from '../../base/clock.ts';

export interface VolumeFile {
  data: Uint8Array;
  /** Permission bits. */
  mode: number;
  /** Owner, when not root. */
  uid?: number;
}

/** Files by their path in the volume. */
export type VolumeContent = ReadonlyMap<string, VolumeFile>;

const dataLink = '..data';

/** The name of a new directory of data: hidden, ordered by time, not met before. */
function versionName(nowMs: number, nonce: string): string {
  return `..${rfc3339Micro(nowMs).replace(/[-:TZ]/g, '_')}${nonce}`;
}

async function currentVersion(directory: string): Promise<string | undefined> {
  try {
    return await readlink(join(directory, dataLink));
  } catch {
    return undefined;
  }
}

/** The bits that a file gets: with a group of the pod's, whoever may read it as owner may as group. */
function effectiveMode(file: VolumeFile, gid: number | undefined): number {
  return gid !== undefined && file.mode & 0o400 ? file.mode | 0o440 : file.mode;
}

async function isCurrent(directory: string, content: VolumeContent, gid: number | undefined): Promise<boolean> {
  const version = await currentVersion(directory);
  if (!version) return false;
  for (const [path, file] of content) {
    try {
      const full = join(directory, version, path);
      const [data, stat] = await Promise.all([readFile(full), lstat(full)]);
      if (!data.equals(file.data) || (stat.mode & 0o777) !== (effectiveMode(file, gid) & 0o777)) return false;
    } catch {
      return false;
    }
  }
  return (await countFiles(join(directory, version))) === content.size;
}

async function countFiles(directory: string): Promise<number> {
  const entries = await readdir(directory, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).length;
}

async function writeFiles(directory: string, content: VolumeContent, gid: number | undefined): Promise<void> {
  for (const [path, file] of content) {
    const full = join(directory, path);
    if (path.includes('/')) await mkdir(dirname(full), { recursive: true, mode: 0o755 });
    await writeFile(full, file.data, { mode: 0o600 });
    await chmod(full, effectiveMode(file, gid));
    if (gid !== undefined || file.uid !== undefined) await chown(full, file.uid ?? 0, gid ?? 0);
  }
}

async function linkNames(directory: string, content: VolumeContent): Promise<void> {
  const names = new Set([...content.keys()].map((path) => path.split('/')[0] ?? path));
  const present = new Set(await readdir(directory));
  for (const name of names) if (!present.has(name)) await symlink(join(dataLink, name), join(directory, name));
  for (const name of present) if (!name.startsWith('..') && !names.has(name)) await rm(join(directory, name));
}

/**
 * Makes a volume's files what `content` says, all at once for whoever reads them: a new directory is filled, then one
 * rename of the `..data` link swaps it in. Does nothing when they are so already. True when something changed.
 */
export async function writeVolume(
  directory: string,
  content: VolumeContent,
  options: { gid: number | undefined; nowMs: number; nonce: string },
): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if (await isCurrent(directory, content, options.gid)) return false;
  const before = await currentVersion(directory);
  const version = versionName(options.nowMs, options.nonce);
  await mkdir(join(directory, version), { mode: 0o755 });
  await chmod(directory, options.gid === undefined ? 0o777 | 0o1000 : 0o3777);
  await chmod(join(directory, version), 0o755);
  await writeFiles(join(directory, version), content, options.gid);
  if (options.gid !== undefined) await chown(directory, 0, options.gid);
  const fresh = join(directory, '..data_tmp');
  await rm(fresh, { force: true });
  await symlink(version, fresh);
  await rename(fresh, join(directory, dataLink));
  await linkNames(directory, content);
  if (before) await rm(join(directory, before), { recursive: true, force: true });
  return true;
}
