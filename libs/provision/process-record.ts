import { readFile } from 'node:fs/promises';
import type { Clock } from '../base/clock.ts';
import { sleep } from '../base/clock.ts';
import { signal } from './cgroup-tree.ts';
import type { Machine } from './machine.ts';

/** A process as it can be recognised later: ids are used again, a start time with an id is not. */
export interface ProcessRecord {
  pid: number;
  /** Clock ticks after boot, field 22 of /proc/<pid>/stat. */
  startTicks: number;
}

const pollMs = 20;

/** The record of a process that runs now; undefined when there is none (a zombie counts as none). */
export async function recordOf(pid: number): Promise<ProcessRecord | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return { pid, startTicks: Number(fields[19]) };
}

export async function isRunning(record: ProcessRecord): Promise<boolean> {
  return (await recordOf(record.pid))?.startTicks === record.startTicks;
}

/** Asks a process to end, and kills it when it has not after `graceMs`. Resolves when it is gone. */
export async function terminate(record: ProcessRecord, graceMs: number, clock: Clock): Promise<void> {
  if (!(await isRunning(record))) return;
  signal(record.pid, 'SIGTERM');
  const deadline = clock.monotonic() + graceMs;
  while (clock.monotonic() < deadline) {
    if (!(await isRunning(record))) return;
    await sleep(clock, pollMs);
  }
  signal(record.pid, 'SIGKILL');
  while (await isRunning(record)) await sleep(clock, pollMs);
}

export async function saveRecord(machine: Machine, path: string, record: ProcessRecord): Promise<void> {
  await machine.write(path, `${JSON.stringify(record)}\n`);
}

/** The saved record, when its process still runs. */
export async function loadRecord(path: string): Promise<ProcessRecord | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const record = parseRecord(text);
  return record !== undefined && (await isRunning(record)) ? record : undefined;
}

function parseRecord(text: string): ProcessRecord | undefined {
  const match = /^\{"pid":(\d+),"startTicks":(\d+)\}\s*$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), startTicks: Number(match[2]) };
}
