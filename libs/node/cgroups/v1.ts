import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cpuPeriodUs } from '../../pods/resources.ts';
import type { CgroupLimits, CgroupSample, CgroupTree, CgroupUsage } from './cgroups.ts';
import {
  childGroups,
  makeDirectory,
  processesIn,
  readNumber,
  readTable,
  readText,
  removeGroups,
  writeText,
} from './files.ts';

/** cgroup v1 counts user and system time in hundredths of a second. */
const nanosecondsPerTick = 10_000_000;
/** Above this a v1 memory limit means none. */
const unlimitedBytes = 2 ** 62;

/** One hierarchy per controller, each mounted somewhere. */
export class CgroupV1 implements CgroupTree {
  readonly version = 1;
  readonly #mounts: ReadonlyMap<string, string>;

  /** `mounts`: the mount point of each controller by its name. */
  constructor(mounts: ReadonlyMap<string, string>) {
    this.#mounts = mounts;
  }

  ensure(path: string, limits: CgroupLimits): void {
    for (const controller of ['cpu', 'cpuacct', 'memory', 'pids']) {
      const directory = this.#directory(controller, path);
      if (directory && !existsSync(directory)) makeDirectory(directory);
    }
    this.#write('cpu', path, 'cpu.shares', limits.cpuShares);
    if (limits.cpuQuotaUs !== undefined) {
      this.#write('cpu', path, 'cpu.cfs_period_us', cpuPeriodUs);
      this.#write('cpu', path, 'cpu.cfs_quota_us', limits.cpuQuotaUs === 0 ? -1 : limits.cpuQuotaUs);
    }
    const { memoryBytes, pidsMax } = limits;
    this.#write('memory', path, 'memory.limit_in_bytes', memoryBytes === 0 ? -1 : memoryBytes);
    this.#write('pids', path, 'pids.max', pidsMax === 0 ? 'max' : pidsMax);
  }

  limitsSwap(): boolean {
    return false;
  }

  remove(path: string): boolean {
    let gone = true;
    for (const mount of new Set(this.#mounts.values())) gone = removeGroups(join(mount, path)) && gone;
    return gone;
  }

  children(path: string): string[] {
    const names = new Set<string>();
    for (const mount of new Set(this.#mounts.values()))
      for (const name of childGroups(join(mount, path))) names.add(name);
    return [...names];
  }

  processes(path: string): number[] {
    return processesIn(this.#directory('memory', path));
  }

  sample(path: string): CgroupSample | undefined {
    const memory = this.#directory('memory', path);
    const account = this.#directory('cpuacct', path);
    const cpu = account && readText(join(account, 'cpuacct.usage'));
    if (!memory || cpu === undefined) return undefined;
    const usage = readNumber(join(memory, 'memory.usage_in_bytes'));
    const inactive = readTable(join(memory, 'memory.stat')).get('total_inactive_file') ?? 0;
    return { cpuNanoseconds: Number(cpu), memoryWorkingSetBytes: Math.max(0, usage - inactive) };
  }

  usage(path: string): CgroupUsage | undefined {
    const memory = this.#directory('memory', path);
    const account = this.#directory('cpuacct', path);
    const cpu = this.#directory('cpu', path);
    const pids = this.#directory('pids', path);
    if (!memory || !account || !existsSync(memory)) return undefined;
    const memoryStat = readTable(join(memory, 'memory.stat'));
    const accountStat = readTable(join(account, 'cpuacct.stat'));
    const cpuStat = readTable(join(cpu ?? '', 'cpu.stat'));
    const usage = readNumber(join(memory, 'memory.usage_in_bytes'));
    const limit = readNumber(join(memory, 'memory.limit_in_bytes'));
    return {
      cpuNanoseconds: readNumber(join(account, 'cpuacct.usage')),
      cpuUserNanoseconds: (accountStat.get('user') ?? 0) * nanosecondsPerTick,
      cpuSystemNanoseconds: (accountStat.get('system') ?? 0) * nanosecondsPerTick,
      cfsPeriods: cpuStat.get('nr_periods') ?? 0,
      cfsThrottledPeriods: cpuStat.get('nr_throttled') ?? 0,
      cfsThrottledNanoseconds: cpuStat.get('throttled_time') ?? 0,
      memoryUsageBytes: usage,
      memoryWorkingSetBytes: Math.max(0, usage - (memoryStat.get('total_inactive_file') ?? 0)),
      memoryRssBytes: memoryStat.get('total_rss') ?? 0,
      memoryCacheBytes: memoryStat.get('total_cache') ?? 0,
      memoryLimitBytes: limit > unlimitedBytes ? 0 : limit,
      memoryFailures: readNumber(join(memory, 'memory.failcnt')),
      pageFaults: memoryStat.get('total_pgfault') ?? 0,
      majorPageFaults: memoryStat.get('total_pgmajfault') ?? 0,
      processes: pids ? readNumber(join(pids, 'pids.current')) : 0,
    };
  }

  #directory(controller: string, path: string): string | undefined {
    const mount = this.#mounts.get(controller);
    return mount && join(mount, path);
  }

  #write(controller: string, path: string, file: string, value: number | string | undefined): void {
    const directory = this.#directory(controller, path);
    if (directory && value !== undefined) writeText(join(directory, file), value);
  }
}
