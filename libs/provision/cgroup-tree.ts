import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { sleep } from '../base/clock.ts';
import { type CgroupLayout, hierarchies } from './cgroups.ts';

const killRounds = 100;
const killRoundMs = 20;

/** The process ids anywhere below `path`, in any hierarchy. */
export async function processesIn(layout: CgroupLayout, path: string): Promise<number[]> {
  const found = new Set<number>();
  for (const mount of hierarchies(layout)) await collect(join(mount, path), found);
  return [...found];
}

async function collect(directory: string, found: Set<number>): Promise<void> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  for (const line of text.split('\n')) if (line !== '') found.add(Number(line));
  for (const child of await childrenOf(directory)) await collect(join(directory, child), found);
}

/** Kills every process below `path` with SIGKILL, again and again until none is left (they may fork meanwhile). */
export async function killTree(layout: CgroupLayout, path: string, clock: Clock): Promise<void> {
  for (let round = 0; round < killRounds; round++) {
    const pids = await processesIn(layout, path);
    if (pids.length === 0) return;
    for (const pid of pids) signal(pid, 'SIGKILL');
    // A frozen group does not act on the signal until it thaws.
    await thaw(layout, path);
    await sleep(clock, killRoundMs);
  }
}

/** Sends a signal to a process; one that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function thaw(layout: CgroupLayout, path: string): Promise<void> {
  const file =
    layout.version === 2 ? join(layout.mount, path, 'cgroup.freeze') : join(freezerOf(layout), path, 'freezer.state');
  await writeFile(file, layout.version === 2 ? '0' : 'THAWED').catch(() => {});
}

function freezerOf(layout: CgroupLayout & { version: 1 }): string {
  return layout.controllers.freezer ?? '/sys/fs/cgroup/freezer';
}

/** Removes the empty groups below and at `path`, in every hierarchy. What is in use stays. */
export async function removeTree(layout: CgroupLayout, path: string): Promise<void> {
  await Promise.all(hierarchies(layout).map((mount) => removeGroup(join(mount, path))));
}

async function removeGroup(directory: string): Promise<void> {
  for (const child of await childrenOf(directory)) await removeGroup(join(directory, child));
  await rmdir(directory).catch(() => {});
}

/** The names of the groups directly below a directory of a hierarchy. */
export async function childrenOf(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}
