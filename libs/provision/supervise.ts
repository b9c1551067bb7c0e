import { rm, writeFile } from 'node:fs/promises';
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import type { SpawnedProcess } from './machine.ts';
import { type ProcessRecord, recordOf, terminate } from './process-record.ts';

export interface SupervisedOptions {
  name: string;
  start: () => Promise<SpawnedProcess>;
  /** Runs after each start; a rejection counts as a failure of the process. */
  ready?: (process: SpawnedProcess) => Promise<void>;
  /** Holds the process id while the process runs, for people and their tools. */
  pidFile?: string;
  clock: Clock;
  logger: Logger;
  backoff?: BackoffPolicy;
}

export const restartBackoff: BackoffPolicy = { initialMs: 200, maxMs: 10_000 };
/** A process that has run this long starts over with the first delay. */
const healthyAfterMs = 30_000;

/** A process that is started again, with growing delays, whenever it ends before it is told to. */
export class Supervised {
  private current: ProcessRecord | undefined;
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  restarts = 0;

  constructor(private readonly options: SupervisedOptions) {}

  get pid(): number | undefined {
    return this.current?.pid;
  }

  /** Resolves when the process is ready for the first time; rejects, and gives up, when that fails. */
  async start(): Promise<void> {
    const process = await this.launch();
    try {
      await this.whenReady(process);
    } catch (error) {
      if (this.current !== undefined) await terminate(this.current, 0, this.options.clock);
      throw error;
    }
    this.loop = this.watch(process);
  }

  /** Ends the process and does not start it again. */
  async stop(graceMs: number): Promise<void> {
    this.stopping.abort();
    if (this.current !== undefined) await terminate(this.current, graceMs, this.options.clock);
    await this.loop;
  }

  private async launch(): Promise<SpawnedProcess> {
    const process = await this.options.start();
    this.current = await recordOf(process.pid);
    // Told to stop between the decision to start and now: nobody else knows this process.
    if (this.stopping.signal.aborted && this.current !== undefined)
      await terminate(this.current, 0, this.options.clock);
    await this.writePidFile(process.pid);
    return process;
  }

  /** Waits for readiness, but no longer than the process lives. */
  private async whenReady(process: SpawnedProcess): Promise<void> {
    const died = process.exited.then((why) => {
      throw new Error(`${this.options.name} ended while starting: ${why}`);
    });
    died.catch(() => {});
    await Promise.race([this.options.ready?.(process), died]);
  }

  private async watch(first: SpawnedProcess): Promise<void> {
    const { clock, logger, name } = this.options;
    let process: SpawnedProcess | undefined = first;
    let failures = 0;
    while (true) {
      const since = clock.monotonic();
      const why = process === undefined ? 'could not be started' : await process.exited;
      this.current = undefined;
      await this.writePidFile(undefined);
      if (this.stopping.signal.aborted) return;
      failures = clock.monotonic() - since >= healthyAfterMs ? 1 : failures + 1;
      const delayMs = backoffMs(this.options.backoff ?? restartBackoff, failures);
      logger.warn(`${name} ended; starting it again`, { why, delayMs });
      try {
        await sleep(clock, delayMs, this.stopping.signal);
      } catch {
        return;
      }
      this.restarts += 1;
      process = await this.relaunch();
    }
  }

  /** A file that cannot be written is no reason to stop a process that runs. */
  private async writePidFile(pid: number | undefined): Promise<void> {
    const { pidFile } = this.options;
    if (pidFile === undefined) return;
    await (pid === undefined ? rm(pidFile, { force: true }) : writeFile(pidFile, `${pid}\n`)).catch(() => {});
  }

  private async relaunch(): Promise<SpawnedProcess | undefined> {
    try {
      const process = await this.launch();
      await this.whenReady(process);
      return process;
    } catch (error) {
      this.options.logger.error(`${this.options.name} did not start`, { error: String(error) });
      if (this.current !== undefined) await terminate(this.current, 0, this.options.clock);
      return undefined;
    }
  }
}
