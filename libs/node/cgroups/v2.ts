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

/** The controllers that limits need, and those that runtimes make use of where they are. */
const wanted = ['cpu', 'memory', 'pids', 'cpuset', 'io', 'hugetlb'];
const nanosecondsPerMicrosecond = 1000;
/** Page faults are counted whole; a limit that is not set reads `max`. */
const noLimit = 'max';

/** Shares of v1 (2 to 262144) as a weight of v2 (1 to 10000), the mapping that runtimes use. */
export function weightOf(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142);
}

/** The one unified hierarchy. */
export class CgroupV2 implements CgroupTree {
  readonly version = 2;
  readonly #root: string;

  constructor(mount: string) {
    this.#root = mount;
  }

  ensure(path: string, limits: CgroupLimits): void {
    this.#make(path);
    const directory = join(this.#root, path);
    const set = (file: string, value: string | number | undefined) => {
      if (value === undefined) return;
      const [controller] = file.split('.');
      if (!existsSync(join(directory, file)))
        throw new Error(`${directory} has no ${file}: the controller ${controller} is not handed down to it`);
      writeText(join(directory, file), value);
    };
    const { cpuShares, cpuQuotaUs, memoryBytes, pidsMax } = limits;
    set('cpu.weight', cpuShares === undefined ? undefined : weightOf(cpuShares));
    set('cpu.max', cpuQuotaUs === undefined ? undefined : `${cpuQuotaUs === 0 ? noLimit : cpuQuotaUs} ${cpuPeriodUs}`);
    set('memory.max', memoryBytes === 0 ? noLimit : memoryBytes);
    set('pids.max', pidsMax === 0 ? noLimit : pidsMax);
  }

  /** Without an account of swap a group has no such file. */
  limitsSwap(path: string): boolean {
    return existsSync(join(this.#root, path, 'memory.swap.max'));
  }

  remove(path: string): boolean {
    const directory = join(this.#root, path);
    if (existsSync(join(directory, 'cgroup.kill')) && !removeGroups(directory))
      writeText(join(directory, 'cgroup.kill'), 1);
    return removeGroups(directory);
  }

  children(path: string): string[] {
    return childGroups(join(this.#root, path));
  }

  processes(path: string): number[] {
    return processesIn(join(this.#root, path));
  }

  sample(path: string): CgroupSample | undefined {
    const directory = join(this.#root, path);
    if (!existsSync(join(directory, 'cpu.stat'))) return undefined;
    const cpu = readTable(join(directory, 'cpu.stat')).get('usage_usec') ?? 0;
    const inactive = readTable(join(directory, 'memory.stat')).get('inactive_file') ?? 0;
    const usage = readNumber(join(directory, 'memory.current'));
    return { cpuNanoseconds: cpu * nanosecondsPerMicrosecond, memoryWorkingSetBytes: Math.max(0, usage - inactive) };
  }

  usage(path: string): CgroupUsage | undefined {
    const directory = join(this.#root, path);
    if (!existsSync(join(directory, 'cpu.stat'))) return undefined;
    const cpu = readTable(join(directory, 'cpu.stat'));
    const memory = readTable(join(directory, 'memory.stat'));
    const events = readTable(join(directory, 'memory.events'));
    const usage = readNumber(join(directory, 'memory.current'));
    const nanoseconds = (name: string) => (cpu.get(name) ?? 0) * nanosecondsPerMicrosecond;
    return {
      cpuNanoseconds: nanoseconds('usage_usec'),
      cpuUserNanoseconds: nanoseconds('user_usec'),
      cpuSystemNanoseconds: nanoseconds('system_usec'),
      cfsPeriods: cpu.get('nr_periods') ?? 0,
      cfsThrottledPeriods: cpu.get('nr_throttled') ?? 0,
      cfsThrottledNanoseconds: nanoseconds('throttled_usec'),
      memoryUsageBytes: usage,
      memoryWorkingSetBytes: Math.max(0, usage - (memory.get('inactive_file') ?? 0)),
      memoryRssBytes: memory.get('anon') ?? 0,
      memoryCacheBytes: memory.get('file') ?? 0,
      memoryLimitBytes: readNumber(join(directory, 'memory.max')),
      memoryFailures: events.get('max') ?? 0,
      pageFaults: memory.get('pgfault') ?? 0,
      majorPageFaults: memory.get('pgmajfault') ?? 0,
      processes: readNumber(join(directory, 'pids.current')),
    };
  }

  /** A group has the controllers that the one above it hands down. */
  #make(path: string): void {
    let directory = this.#root;
    for (const name of path.split('/').filter(Boolean)) {
      this.#handDown(directory);
      directory = join(directory, name);
      if (!existsSync(directory)) makeDirectory(directory);
    }
  }

  /** One by one: what cannot be handed down (a real-time process keeps cpu back) must not keep the others back. */
  #handDown(directory: string): void {
    const available = (readText(join(directory, 'cgroup.controllers')) ?? '').trim().split(' ');
    const enabled = (readText(join(directory, 'cgroup.subtree_control')) ?? '').trim().split(' ');
    for (const name of wanted) {
      if (!available.includes(name) || enabled.includes(name)) continue;
      try {
        writeText(join(directory, 'cgroup.subtree_control'), `+${name}`);
      } catch {
        // Whoever needs it finds its files missing, and says so.
      }
    }
  }
}
