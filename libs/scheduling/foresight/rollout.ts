import type { V1Deployment, V1Pod } from '../../api/gen/types.ts';
import type { Draft } from './draft.ts';
import { uidOf } from './pods.ts';

export interface Rollout {
  wanted: number;
  /** Pods beyond `wanted` that may exist meanwhile. */
  surge: number;
  /** Pods fewer than `wanted` that may be available meanwhile. */
  unavailable: number;
}

/** What a Deployment's strategy means for its size. Source: Deployment documentation, rolling update. */
export function rolloutOf({ spec }: V1Deployment): Rollout {
  const wanted = spec?.replicas ?? 1;
  if (spec?.strategy?.type === 'Recreate') return { wanted, surge: 0, unavailable: wanted };
  const rolling = spec?.strategy?.rollingUpdate;
  const surge = share(rolling?.maxSurge ?? '25%', wanted, Math.ceil);
  const unavailable = share(rolling?.maxUnavailable ?? '25%', wanted, Math.floor);
  return { wanted, surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function share(value: number | string, total: number, round: (exact: number) => number): number {
  if (typeof value === 'number') return value;
  return round((Number.parseInt(value, 10) * total) / 100);
}

/**
 * Replaces the old pods by new ones, step by step as the controller would: it makes as many as may exist, and takes old
 * ones away as long as enough are available. A new pod that finds a place counts as available.
 */
export function roll(
  draft: Draft,
  { wanted, surge, unavailable }: Rollout,
  old: V1Pod[],
  make: (n: number) => V1Pod[],
) {
  const { world } = draft;
  const left = inOrderOfLeaving(old, draft);
  let made = 0;
  let running = 0;
  let waiting: V1Pod[] = [];
  const oldRunning = () => left.filter((pod) => world.nodeOf(pod) !== undefined).length;
  for (;;) {
    const room = Math.min(wanted - made, Math.max(0, wanted + surge - made - left.length));
    // Those that wait are tried again: old pods that have left may have made room.
    draft.plan.waiting = [];
    world.giveUp(waiting);
    const tried = [...waiting, ...make(room)];
    made += room;
    const placed = new Set(draft.place(tried).map(uidOf));
    running += placed.size;
    waiting = tried.filter((pod) => !placed.has(uidOf(pod)));
    let leaving = 0;
    while (left.length > 0) {
      const isRunning = world.nodeOf(left[0]!) !== undefined;
      if (isRunning && running + oldRunning() <= wanted - unavailable) break;
      draft.leave(left.shift()!);
      leaving++;
    }
    if (leaving === 0 && (room === 0 || placed.size === 0)) break;
  }
  if (left.length > 0) {
    draft.plan.notes.push(
      `the rollout would stop at ${running} of ${wanted} new replicas, with ${left.length} old left`,
    );
  }
}

/** Pods without a node first, then those that share theirs with most siblings, then the youngest. */
export function inOrderOfLeaving(pods: readonly V1Pod[], { world }: Draft): V1Pod[] {
  const crowd = new Map<string, number>();
  for (const pod of pods) {
    const node = world.nodeOf(pod) ?? '';
    crowd.set(node, (crowd.get(node) ?? 0) + 1);
  }
  const rank = (pod: V1Pod) => {
    const node = world.nodeOf(pod);
    return node === undefined ? Number.POSITIVE_INFINITY : crowd.get(node)!;
  };
  const born = ({ metadata }: V1Pod) => metadata?.creationTimestamp ?? '';
  return [...pods].sort((one, other) => {
    const [first, second] = [rank(one), rank(other)];
    if (first !== second) return second - first;
    return born(one) < born(other) ? 1 : born(one) > born(other) ? -1 : 0;
  });
}
