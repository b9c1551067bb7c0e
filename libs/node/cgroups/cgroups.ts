/** What one cgroup may use. What is undefined is left as it is; 0 lifts a limit. */
export interface CgroupLimits {
  /** cgroup v1 shares: 1024 for one CPU. */
  cpuShares?: number;
  /** Microseconds per 100 ms. */
  cpuQuotaUs?: number;
  memoryBytes?: number;
  pidsMax?: number;
}

export interface CgroupUsage {
  cpuNanoseconds: number;
  cpuUserNanoseconds: number;
  cpuSystemNanoseconds: number;
  /** Periods in which the CPU limit counted, those that were cut short, and for how long. */
  cfsPeriods: number;
  cfsThrottledPeriods: number;
  cfsThrottledNanoseconds: number;
  memoryUsageBytes: number;
  memoryWorkingSetBytes: number;
  memoryRssBytes: number;
  memoryCacheBytes: number;
  /** 0 for no limit. */
  memoryLimitBytes: number;
  memoryFailures: number;
  pageFaults: number;
  majorPageFaults: number;
  processes: number;
}

export type CgroupSample = Pick<CgroupUsage, 'cpuNanoseconds' | 'memoryWorkingSetBytes'>;

/** The machine's control groups, version 1 or 2 alike. Paths start at the root of the hierarchy, such as /berth/n1. */
export interface CgroupTree {
  readonly version: 1 | 2;
  /** Whether groups below this one can be kept from the machine's swap. */
  limitsSwap(path: string): boolean;
  /** Makes the group and those above it, and sets its limits. */
  ensure(path: string, limits: CgroupLimits): void;
  /** Sends SIGKILL to whatever is left in it and its children, and removes them. True when nothing is left. */
  remove(path: string): boolean;
  children(path: string): string[];
  /** The process ids in the group itself. */
  processes(path: string): number[];
  /** The two figures that are reported every few seconds, read with as few files as may be. */
  sample(path: string): CgroupSample | undefined;
  /** undefined when there is no such group. */
  usage(path: string): CgroupUsage | undefined;
}

/** The usage of a group that nothing has run in. */
export const noUsage: CgroupUsage = {
  cpuNanoseconds: 0,
  cpuUserNanoseconds: 0,
  cpuSystemNanoseconds: 0,
  cfsPeriods: 0,
  cfsThrottledPeriods: 0,
  cfsThrottledNanoseconds: 0,
  memoryUsageBytes: 0,
  memoryWorkingSetBytes: 0,
  memoryRssBytes: 0,
  memoryCacheBytes: 0,
  memoryLimitBytes: 0,
  memoryFailures: 0,
  pageFaults: 0,
  majorPageFaults: 0,
  processes: 0,
};
