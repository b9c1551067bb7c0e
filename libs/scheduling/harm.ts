import { compareStart, type PodInfo, startOf } from './pod-info.ts';
import type { VictimSet } from './victims.ts';

/** Makes every priority positive, so that of victims with low priorities fewer are less. */
const priorityBase = 2 ** 31;

/** What evicting a set of pods costs. */
export interface Harm {
  readonly violations: number;
  /** The highest priority among the victims. */
  readonly highest: number;
  /** Of the victims' priorities, each counted from the lowest possible one. */
  readonly sum: number;
  readonly count: number;
  /** When the oldest of the most important victims started; to be compared as text. */
  readonly firstStart: string;
}

export function harmOf({ victims, violations }: VictimSet): Harm {
  let highest = -priorityBase;
  let sum = 0;
  let first: PodInfo | undefined;
  for (const { info } of victims) {
    sum += info.priority + priorityBase;
    if (info.priority < highest) continue;
    if (info.priority > highest || first === undefined || compareStart(info, first) < 0) first = info;
    highest = info.priority;
  }
  const firstStart = first === undefined ? '' : startOf(first);
  return { violations, highest, sum, count: victims.length, firstStart };
}

/**
 * Negative when the first is the lesser harm: fewer broken budgets, then a lower highest priority, then a smaller sum of
 * priorities, then fewer victims, then such as started later. Source: kube-scheduler.
 */
export function compareHarm(one: Harm, other: Harm): number {
  if (one.violations !== other.violations) return one.violations - other.violations;
  if (one.highest !== other.highest) return one.highest - other.highest;
  if (one.sum !== other.sum) return one.sum - other.sum;
  if (one.count !== other.count) return one.count - other.count;
  if (one.firstStart === other.firstStart) return 0;
  return one.firstStart > other.firstStart ? -1 : 1;
}
