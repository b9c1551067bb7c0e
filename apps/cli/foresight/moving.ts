import type { V1Pod } from '../../../libs/api/gen/types.ts';
import { relocationOf } from '../../../libs/api/kinds/pod/relocation.ts';
import { type Clock, sleep } from '../../../libs/base/clock.ts';
import type { Mover } from '../../../libs/scheduling/foresight/movable.ts';
import type { Move } from '../../../libs/scheduling/foresight/rebalance.ts';
import type { Api } from '../api.ts';
import { tryEviction } from './evicting.ts';
import { leftovers, podsOf, readWorkload, setCheapest, settle, surge, unrest } from './mover.ts';

const pollMs = 200;
/** How long a pod that is not needed any more may take to be on its way out. */
const leavingMsMax = 30_000;

export interface Moving {
  api: Api;
  clock: Clock;
  /** How long a replacement may take until it is ready. */
  readyMsMax: number;
  /** Aborts when the person has had enough; the move under way is put back. */
  signal: AbortSignal;
}

/**
 * Moves one pod: one replica more, which prefers the target; once it runs there and is ready, one replica less, and the
 * old pod is the one to go. There are never fewer replicas than asked for. Returns why it was not done, or undefined.
 */
export async function move({ uid, to, mover }: Move, moving: Moving): Promise<string | undefined> {
  const { api } = moving;
  const workload = await readWorkload(api, mover);
  const busy = unrest(workload, mover.kind);
  if (busy !== undefined) return busy;
  const before = await podsOf(api, mover);
  const old = before.find(({ metadata }) => metadata?.uid === uid);
  if (old === undefined) return 'it is gone';
  const refusal = await tryEviction(api, old, { dryRun: true });
  if (refusal !== undefined) return refusal;
  const relocation = { pod: old.metadata?.name ?? '', uid, to, replicas: workload.spec?.replicas ?? 1 };
  if (!(await surge(api, mover, workload, relocation))) return 'its workload has just changed';
  const replacing = { old, before, to, mover };
  const failure = await replaced(replacing, moving).catch(async (error: unknown) => {
    await putBack(replacing, moving);
    throw error;
  });
  if (failure !== undefined) {
    await putBack(replacing, moving);
    return failure;
  }
  return gone(old, mover, moving);
}

interface Replacing {
  old: V1Pod;
  before: readonly V1Pod[];
  to: string;
  mover: Mover;
}

/** Waits for the replacement and lets the old pod go. Returns why that cannot be. */
async function replaced({ old, before, to, mover }: Replacing, moving: Moving): Promise<string | undefined> {
  const { api, clock, readyMsMax, signal } = moving;
  const deadline = clock.monotonic() + readyMsMax;
  for (;;) {
    if (signal.aborted) return 'it was interrupted';
    const fresh = await freshPods(api, mover, before);
    const elsewhere = fresh.find(({ spec }) => spec?.nodeName && spec.nodeName !== to);
    if (elsewhere !== undefined) return `its replacement was placed on ${elsewhere.spec?.nodeName}`;
    if (fresh.some((pod) => pod.spec?.nodeName === to && isReady(pod))) break;
    if (clock.monotonic() > deadline) return `its replacement was not ready after ${readyMsMax / 1000} s`;
    await sleep(clock, pollMs);
  }
  const refusal = await tryEviction(api, old, { dryRun: true });
  if (refusal !== undefined) return refusal;
  await setCheapest(api, old, true);
  await settle(api, mover);
  return undefined;
}

const isReady = ({ status }: V1Pod) =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;

async function freshPods(api: Api, mover: Mover, before: readonly V1Pod[]): Promise<V1Pod[]> {
  const known = new Set(before.map(({ metadata }) => metadata?.uid));
  return (await podsOf(api, mover)).filter(({ metadata }) => !known.has(metadata?.uid));
}

/** One replica less; what has come since is the first to go. */
async function putBack({ mover, old, before }: Replacing, { api }: Moving): Promise<void> {
  await setCheapest(api, old, false);
  for (const pod of await freshPods(api, mover, before)) await setCheapest(api, pod, true);
  await settle(api, mover);
}

async function gone(old: V1Pod, mover: Mover, { api, clock }: Moving): Promise<string | undefined> {
  const deadline = clock.monotonic() + leavingMsMax;
  for (;;) {
    const pods = await podsOf(api, mover);
    const workload = await readWorkload(api, mover);
    const isThere = pods.some(({ metadata }) => metadata?.uid === old.metadata?.uid);
    if (!isThere && unrest(workload, mover.kind) === undefined) return undefined;
    if (clock.monotonic() > deadline) {
      if (!isThere) return undefined;
      await setCheapest(api, old, false);
      return 'another replica went in its place';
    }
    await sleep(clock, pollMs);
  }
}

/** Ends moves that were interrupted: each takes its extra replica off. Returns what it did. */
export async function putBackLeftovers(api: Api): Promise<string[]> {
  const lines: string[] = [];
  for (const mover of await leftovers(api)) {
    const relocation = relocationOf(await readWorkload(api, mover));
    await settle(api, mover);
    lines.push(`${mover.kind} ${mover.namespace}/${mover.name}: ended the move of pod ${relocation?.pod ?? 'unknown'}`);
  }
  return lines;
}
