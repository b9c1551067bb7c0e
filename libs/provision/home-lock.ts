import { link, open, readFile, rm } from 'node:fs/promises';
import { StatusError } from '../base/status.ts';
import { loadRecord, type ProcessRecord, recordOf } from './process-record.ts';

export interface HomeLock {
  release(): Promise<void>;
}

const attemptsMax = 5;
let drafts = 0;

/**
 * Takes the one right to run a cluster from a home. The file names its holder, so that the lock of a killed process is
 * seen as stale. It is made whole under another name and linked, which fails when someone else was first.
 * @throws StatusError Conflict with the holder's process id.
 */
export async function lockHome(path: string, pid: number = process.pid): Promise<HomeLock> {
  const own = await recordOf(pid);
  const draft = `${path}.${pid}.${++drafts}`;
  await writeDraft(draft, own);
  try {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      if (await tryLink(draft, path)) return { release: () => releaseLock(path, own) };
      const holder = await loadRecord(path);
      if (holder !== undefined) {
        throw new StatusError('Conflict', `another process (${holder.pid}) runs the cluster of this home already`);
      }
      await rm(path, { force: true });
    }
    throw new StatusError('Conflict', `cannot take ${path}: others take it at the same time`);
  } finally {
    await rm(draft, { force: true });
  }
}

/** The process that holds the lock now. */
export function lockHolder(path: string): Promise<ProcessRecord | undefined> {
  return loadRecord(path);
}

async function writeDraft(path: string, record: ProcessRecord | undefined): Promise<void> {
  const file = await open(path, 'w', 0o600);
  await file.writeFile(`${JSON.stringify(record)}\n`);
  await file.close();
}

async function tryLink(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function releaseLock(path: string, own: ProcessRecord | undefined): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  if (own !== undefined && text.includes(`"pid":${own.pid},`)) await rm(path, { force: true });
}
