import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The text of a control file; undefined when there is none. Reading kernel files does not wait on a disk. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

export function readNumber(path: string): number {
  const value = Number(readText(path)?.trim());
  return Number.isFinite(value) ? value : 0;
}

/** `name value` lines as numbers. */
export function readTable(path: string): Map<string, number> {
  const lines = (readText(path) ?? '').split('\n').map((line) => line.split(' '));
  return new Map(lines.filter((words) => words.length >= 2).map(([name = '', value]) => [name, Number(value)]));
}

/** @throws Error naming the file and what was to be written. */
export function writeText(path: string, value: string | number): void {
  try {
    writeFileSync(path, String(value));
  } catch (error) {
    throw new Error(`cannot write ${value} to ${path}`, { cause: error });
  }
}

export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true });
}

export function childGroups(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}

/** The process ids in a group; none when there is no group. */
export function processesIn(path: string | undefined): number[] {
  const text = path === undefined ? undefined : readText(join(path, 'cgroup.procs'));
  return (text ?? '').split('\n').filter(Boolean).map(Number);
}

function killAll(path: string): void {
  for (const pid of processesIn(path)) {
    if (pid <= 1) continue;
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

/** Removes a group and those below it; false when the kernel still holds one. */
export function removeGroups(path: string): boolean {
  if (!existsSync(path)) return true;
  for (const child of childGroups(path)) removeGroups(join(path, child));
  try {
    rmdirSync(path);
  } catch {
    killAll(path);
    try {
      rmdirSync(path);
    } catch {
      return !existsSync(path);
    }
  }
  return true;
}
