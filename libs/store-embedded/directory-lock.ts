import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailableError } from '../store/store.ts';

/** Holds a directory for this process. */
export interface DirectoryLock {
  release(): void;
}

/**
 * Two processes with an index each would corrupt one store, so the owner leaves its process id and start time in the
 * directory. An owner that no longer runs, even when its id has been given to another, does not count.
 * @throws StoreUnavailableError when a living process owns the directory.
 */
export function lockDirectory(path: string): DirectoryLock {
  const file = join(path, 'owner');
  const mine = `${process.pid} ${startTimeOf(process.pid)} ${++opened}`;
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, mine, { flag: 'wx' });
      return { release: () => release(file, mine) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new StoreUnavailableError(`the store's directory ${path} cannot be written`, { cause });
      }
      const owner = livingOwner(file);
      if (owner !== undefined) throw new StoreUnavailableError(`the store ${path} is in use by process ${owner}`);
      rmSync(file, { force: true });
    }
  }
  throw new StoreUnavailableError(`the store ${path} is being opened by another process`);
}

let opened = 0;

function release(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

function livingOwner(file: string): number | undefined {
  const [pid, started] = (read(file) ?? '').split(' ');
  const owner = Number(pid);
  return owner > 0 && startTimeOf(owner) === started ? owner : undefined;
}

/** Clock ticks since boot at which a process started (proc(5), stat field 22); undefined when there is no such process. */
function startTimeOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
