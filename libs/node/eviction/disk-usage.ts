import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const bytesPerBlock = 512;

/** Bytes that a folder's files take on its own file system; what is mounted below, and what goes meanwhile, counts none. */
export async function diskUsage(path: string, device?: number): Promise<number> {
  try {
    const { blocks, dev } = await lstat(path);
    if (device !== undefined && dev !== device) return 0;
    let bytes = blocks * bytesPerBlock;
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const below = join(path, entry.name);
      bytes += entry.isDirectory() ? await diskUsage(below, dev) : (await lstat(below)).blocks * bytesPerBlock;
    }
    return bytes;
  } catch {
    return 0;
  }
}
