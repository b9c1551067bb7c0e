import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const bytesPerBlock = 512;

/**
 * Bytes that a file, or a folder with all that is in it, takes on its own file system; what is mounted below, and what
 * goes meanwhile, counts none.
 */
export async function diskUsage(path: string, device?: number): Promise<number> {
  let bytes = 0;
  try {
    const stats = await lstat(path);
    if (device !== undefined && stats.dev !== device) return 0;
    bytes = stats.blocks * bytesPerBlock;
    if (!stats.isDirectory()) return bytes;
    for (const name of await readdir(path)) bytes += await diskUsage(join(path, name), stats.dev);
  } catch {
    // It went meanwhile: what was counted before it did counts still.
  }
  return bytes;
}
