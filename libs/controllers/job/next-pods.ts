import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { isPodReady } from '../../reconcile/pods.ts';
import { backoffLeft, indexBackoffLeft } from './backoff.ts';
import { failuresAfter, type IndexFailures, validIndexOf } from './indexes.ts';
import type { Tally } from './tally.ts';
import { isIndexed, replacesOnlyEnded } from './tracking.ts';

/** At most this many pods are made or removed at once. */
export const podsAtOnceMax = 500;

/** A pod to make. */
export interface NewPod {
  index?: number;
  /** What its index went through before. */
  failures?: IndexFailures;
}

export interface NextPods {
  create: NewPod[];
  /** Pods too many: they are removed without being counted. */
  discard: V1Pod[];
  /** When to look again. */
  waitMs?: number;
}

/** The pods that a job which goes on makes or removes now. */
export function nextPods(job: V1Job, pods: readonly V1Pod[], counts: Tally, nowMs: number): NextPods {
  const wanted = wantedOf(job, counts);
  const discard = surplusOf(job, counts.active, counts.active.length - wanted).slice(0, podsAtOnceMax);
  if (discard.length > 0) return { create: [], discard };
  const held = replacesOnlyEnded(job) ? counts.terminating.length : 0;
  const missing = Math.min(wanted - counts.active.length - held, podsAtOnceMax);
  if (missing <= 0) return { create: [], discard: [] };
  if (counts.failedIndexes) return triedAgain(job, counts, missing, nowMs);
  const waitMs = backoffLeft(job, pods, nowMs);
  if (waitMs > 0) return { create: [], discard: [], waitMs };
  if (!isIndexed(job)) return { create: Array.from({ length: missing }, () => ({})), discard: [] };
  return { create: freeIndexes(job, counts, missing).map((index) => ({ index })), discard: [] };
}

/** How many run at once: as many as are asked for, no more than are left to do. */
function wantedOf({ spec }: V1Job, { succeeded, active }: Tally): number {
  const { parallelism = 1, completions } = spec ?? {};
  if (completions === undefined) return succeeded > 0 ? active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - succeeded));
}

/** Pods of no index or of one that another has go whatever the number; those that have come least far first. */
function surplusOf(job: V1Job, active: readonly V1Pod[], atLeast: number): V1Pod[] {
  const ranked = [...active].sort((a, b) => progressOf(a) - progressOf(b));
  const surplus: V1Pod[] = [];
  const kept: V1Pod[] = [];
  if (isIndexed(job)) {
    const taken = new Set<number>();
    for (const pod of ranked.reverse()) {
      const index = validIndexOf(pod, job);
      if (index === undefined || taken.has(index)) surplus.push(pod);
      else {
        taken.add(index);
        kept.unshift(pod);
      }
    }
  } else kept.push(...ranked);
  return [...surplus, ...kept.slice(0, Math.max(0, atLeast - surplus.length))];
}

function progressOf(pod: V1Pod): number {
  return (pod.spec?.nodeName ? 1 : 0) + (pod.status?.phase === 'Running' ? 2 : 0) + (isPodReady(pod) ? 4 : 0);
}

/** Where each index has failures of its own it also waits by itself. */
function triedAgain(job: V1Job, counts: Tally, missing: number, nowMs: number): NextPods {
  const candidates = freeIndexes(job, counts, missing);
  const waits = candidates.map((index) => indexBackoffLeft(counts.delayed.get(index), nowMs));
  const ready = candidates.filter((_, at) => waits[at] === 0);
  const create = ready.map((index) => ({ index, failures: failuresAfter(job, counts.delayed.get(index)) }));
  const waiting = waits.filter((waitMs) => waitMs > 0);
  return { create, discard: [], ...(waiting.length > 0 ? { waitMs: Math.min(...waiting) } : {}) };
}

function freeIndexes(job: V1Job, counts: Tally, count: number): number[] {
  const holders = replacesOnlyEnded(job) ? [...counts.active, ...counts.terminating] : counts.active;
  const taken = new Set(holders.map((pod) => validIndexOf(pod, job)));
  const isOver = (index: number) => counts.succeededIndexes.has(index) || counts.failedIndexes?.has(index);
  const free: number[] = [];
  for (let index = 0; index < (job.spec?.completions ?? 0) && free.length < count; index++) {
    if (!taken.has(index) && !isOver(index)) free.push(index);
  }
  return free;
}
