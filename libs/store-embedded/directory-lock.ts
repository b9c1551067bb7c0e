import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreUnavailableError } from '../store/store.ts';

/** Holds a directory for this process. */
export interface DirectoryLock {
  release(): void;
}

/** How long an owner that was killed may take to be gone: the kernel first ends its threads' writes. */
const dyingMsMax = 1000;
const pollMs = 10;

/**
 * Two processes with an index each would corrupt one store, so the owner leaves its process id and start time in the
 * directory. An owner that no longer runs, even when its id has been given to another, does not count. One that runs is
 * given `dyingMsMax` to end, so that a store can be opened again right after its process was killed; that blocks.
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
      const owner = stayingOwner(file);
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

function stayingOwner(file: string): number | undefined {
  const [pid, started] = (read(file) ?? '').split(' ');
  const owner = Number(pid);
  // A lock of this very process is another store in it: nothing to wait for.
  const waits = owner === process.pid ? 0 : dyingMsMax / pollMs;
  for (let waited = 0; owner > 0 && startTimeOf(owner) === started; waited++) {
    if (waited >= waits) return owner;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pollMs);
  }
  return undefined;
}

/**
 * Clock ticks since boot at which a process started (proc(5), stat field 22); undefined when there is no such process.
 * A zombie none of whose threads is left counts as none: nobody may ever wait for it, and it writes no more.
 */
function startTimeOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ended = fields[0] === 'Z' || fields[0] === 'X';
  return ended && threadsOf(pid) <= 1 ? undefined : fields[19];
}

function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
