import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const bytesPerBlock = 512;

export interface DiskWalkOptions {
  /** Asked of every path before it is looked at: what it holds for counts none. */
  leaveOut?: (path: string) => boolean;
  /** Paths whose own bytes are wanted as well, which are set here as the walk comes through them. */
  parts?: Map<string, number>;
}

/**
 * Bytes that a file, or a folder with all that is in it, takes on its own file system. A file counts once, however many
 * names it has; other file systems that are mounted below, and what goes meanwhile, count none. A folder of the same
 * file system that is bound below does count: the kernel's figures do not tell it, so it is for `leaveOut`.
 */
export function diskUsage(path: string, options: DiskWalkOptions = {}): Promise<number> {
  return new DiskWalk(options).bytesOf(path);
}

class DiskWalk {
  readonly #options: DiskWalkOptions;
  /** Files with several names that have been counted, by device and inode. */
  readonly #counted = new Set<string>();

  constructor(options: DiskWalkOptions) {
    this.#options = options;
  }

  async bytesOf(path: string, device?: number): Promise<number> {
    const { leaveOut, parts } = this.#options;
    if (leaveOut?.(path)) return 0;
    let bytes = 0;
    try {
      const stats = await lstat(path);
      if ((device !== undefined && stats.dev !== device) || this.#again(stats)) return 0;
      bytes = stats.blocks * bytesPerBlock;
      const names = stats.isDirectory() ? await readdir(path) : [];
      for (const name of names) bytes += await this.bytesOf(join(path, name), stats.dev);
    } catch {
      // It went meanwhile: what was counted before it did counts still.
    }
    if (parts?.has(path)) parts.set(path, bytes);
    return bytes;
  }

  #again(stats: Stats): boolean {
    if (stats.nlink < 2 || stats.isDirectory()) return false;
    const inode = `${stats.dev}:${stats.ino}`;
    if (this.#counted.has(inode)) return true;
    this.#counted.add(inode);
    return false;
  }
}
