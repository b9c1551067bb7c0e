import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';

export interface Opened {
  handle: FileHandle;
  stats: Stats;
  /** Where the open file itself can be reached, whatever becomes of its names. */
  itself: string;
}

/** A FIFO that nobody writes must not hold the open up, a link put in its place must not be followed. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW | constants.O_NOCTTY;

/**
 * Opens a regular file or a folder in a folder that others write to, for reading; links are followed only within it.
 * undefined when there is none, or it cannot be opened. The caller closes it.
 */
export async function openBelow(root: string, path: string): Promise<Opened | undefined> {
  const base = await realpath(root);
  const found = await realpath(join(base, path)).catch(() => undefined);
  if (found === undefined || !isBelow(base, found)) return undefined;
  const handle = await open(found, flags).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const itself = `/proc/self/fd/${handle.fd}`;
    const stats = await handle.stat();
    // A folder on the way may have become a link meanwhile: what counts is what has been opened.
    const fits = (stats.isFile() || stats.isDirectory()) && isBelow(base, await readlink(itself));
    if (fits) return { handle, stats, itself };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}

const isBelow = (base: string, path: string) => path === base || path.startsWith(base + sep);
