import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/log.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { textOf } from '../failure.ts';

/** A container's log is moved aside when it is this long; so many of its files are kept. */
export const logLimits = { bytesMax: 10 * 2 ** 20, filesMax: 5, checkMs: 10_000 };

/** Moves a log aside when it is too long and drops the oldest. True when it was moved. */
export async function rotateLog(path: string, nowMs: number): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats || stats.size < logLimits.bytesMax) return false;
  const stamp = new Date(nowMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  await rename(path, `${path}.${stamp}`);
  const prefix = `${basename(path)}.`;
  const old = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort();
  for (const name of old.slice(0, Math.max(0, old.length - (logLimits.filesMax - 1)))) {
    await rm(join(dirname(path), name), { force: true });
  }
  return true;
}

export interface RunningLog {
  containerId: string;
  path: string;
}

/** Keeps the logs of running containers within their limits until stopped. */
export function keepLogsShort(options: {
  runtime: ContainerRuntime;
  clock: Clock;
  logger: Logger;
  running: () => RunningLog[];
}): () => void {
  let timer = options.clock.setTimer(logLimits.checkMs, () => void round());
  let stopped = false;
  const round = async () => {
    for (const { containerId, path } of options.running()) {
      try {
        if (await rotateLog(path, options.clock.now())) await options.runtime.reopenLog(containerId);
      } catch (error) {
        options.logger.warn('cannot rotate a log', { path, error: textOf(error) });
      }
    }
    if (!stopped) timer = options.clock.setTimer(logLimits.checkMs, () => void round());
  };
  return () => {
    stopped = true;
    timer.cancel();
  };
}
