import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, sleep } from '../base/clock.ts';
import { isStatus } from '../base/status.ts';
import { type HomeLock, lockHome } from './home-lock.ts';
import { runtimeRoot } from './names.ts';
import { isRunning, type ProcessRecord, recordOf } from './process-record.ts';
import type { ClusterRanges } from './ranges.ts';

const lockPollMs = 50;
/** Choosing takes milliseconds; who holds the lock for longer than this is stuck, and its error is the better answer. */
const lockWaitMsMax = 10_000;

interface Claim {
  record: ProcessRecord;
  ranges: ClusterRanges;
}

export interface ClaimedRanges {
  ranges: ClusterRanges;
  /** Gives the claim up: the ranges are in the machine's routes by now, or not wanted after all. */
  release(): Promise<void>;
}

export interface ClaimOptions {
  clusterId: string;
  clock: Clock;
  /** Chooses ranges beside those that others have claimed and not yet put into the machine's routes. */
  choose: (claimed: readonly string[]) => Promise<ClusterRanges>;
  /** Where claims are noted, for all clusters of the machine. */
  directory?: string;
}

/**
 * Chooses a cluster's address ranges while no other cluster of this machine does, and keeps them claimed until they are
 * in its routes: clusters that come up at the same moment would otherwise choose the same.
 */
export async function claimRanges(options: ClaimOptions): Promise<ClaimedRanges> {
  const { clusterId, clock, choose, directory = join(runtimeRoot, 'claims') } = options;
  await mkdir(directory, { recursive: true });
  const lock = await waitForLock(join(directory, 'lock'), clock);
  const path = join(directory, `${clusterId}.json`);
  try {
    const ranges = await choose(await claimedByOthers(directory, path));
    const record = await recordOf(process.pid);
    await writeFile(path, `${JSON.stringify({ record, ranges })}\n`);
    return { ranges, release: () => rm(path, { force: true }) };
  } finally {
    await lock.release();
  }
}

async function waitForLock(path: string, clock: Clock): Promise<HomeLock> {
  const deadline = clock.monotonic() + lockWaitMsMax;
  for (;;) {
    try {
      return await lockHome(path);
    } catch (error) {
      if (!isStatus(error, 'Conflict') || clock.monotonic() > deadline) throw error;
      await sleep(clock, lockPollMs);
    }
  }
}

/** The ranges in claims of processes that run; those of dead ones are in the routes or nowhere. */
async function claimedByOthers(directory: string, own: string): Promise<string[]> {
  const files = (await readdir(directory))
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(directory, name));
  const claims = await Promise.all(files.filter((file) => file !== own).map(readClaim));
  return claims.flatMap((claim) => (claim ? Object.values(claim.ranges) : []));
}

async function readClaim(file: string): Promise<Claim | undefined> {
  try {
    const claim = JSON.parse(await readFile(file, 'utf8')) as Claim;
    if (await isRunning(claim.record)) return claim;
    await rm(file, { force: true });
    return undefined;
  } catch {
    return undefined;
  }
}
