import type { V1Pod } from '../../api/gen/types.ts';
import { BudgetLedger } from './budgets.ts';
import { controllerOf, hasEnded, isDaemon, isMirror, keyOfPod, replacementOf, uidOf } from './pods.ts';
import type { Snapshot, World } from './world.ts';

/** What would become of one pod of a node that is drained. */
export interface DrainedPod {
  pod: string;
  /**
   * `moves`: its replacement runs elsewhere. `waits`: it is evicted and its replacement finds no place. `blocked`: a
   * disruption budget keeps it. `stays`: it belongs to the node. `goes`: it has ended, or nothing replaces it.
   */
  fate: 'moves' | 'waits' | 'blocked' | 'stays' | 'goes';
  to?: string;
  reason?: string;
  /** What must be said for it to be evicted at all. */
  needs?: 'force' | 'delete-emptydir-data';
}

export interface DrainPlan {
  node: string;
  pods: DrainedPod[];
}

/** Why the drain of a node must leave a pod alone, or ask first. */
export function drainObjection(pod: V1Pod): Pick<DrainedPod, 'fate' | 'reason' | 'needs'> | undefined {
  if (isMirror(pod)) return { fate: 'stays', reason: 'the node itself runs it, from a file' };
  if (hasEnded(pod)) return { fate: 'goes', reason: 'it has ended' };
  if (isDaemon(pod)) return { fate: 'stays', reason: `DaemonSet ${controllerOf(pod)?.name} would put it back` };
  if (controllerOf(pod) === undefined) {
    return { fate: 'goes', reason: 'nothing owns it: it would be gone for good', needs: 'force' };
  }
  return undefined;
}

export const hasLocalData = ({ spec }: V1Pod): boolean => (spec?.volumes ?? []).some(({ emptyDir }) => emptyDir);

/** Where the pods of a node would go, one after another, once it takes no new ones. */
export function drain(world: World, snapshot: Snapshot, nodeName: string): DrainPlan {
  world.settle([]);
  world.cordon(nodeName);
  const ledger = new BudgetLedger(snapshot.budgets);
  const own = snapshot.pods.filter((pod) => pod.spec?.nodeName === nodeName);
  const pods = own.sort((one, other) => (keyOfPod(one) < keyOfPod(other) ? -1 : 1));
  return { node: nodeName, pods: pods.map((pod) => drainOne(world, ledger, pod)) };
}

function drainOne(world: World, ledger: BudgetLedger, pod: V1Pod): DrainedPod {
  const name = keyOfPod(pod);
  const objection = drainObjection(pod);
  if (objection !== undefined) {
    if (objection.fate === 'goes') world.remove(pod);
    return { pod: name, ...objection };
  }
  const needs = hasLocalData(pod) ? { needs: 'delete-emptydir-data' as const } : {};
  const blocked = ledger.objection(pod);
  if (blocked !== undefined) return { pod: name, fate: 'blocked', reason: blocked, ...needs };
  world.remove(pod);
  const replacement = replacementOf(pod)!;
  const outcome = world.settle([replacement]).outcomes.get(uidOf(replacement));
  if (outcome?.kind === 'node') return { pod: name, fate: 'moves', to: outcome.nodeName, ...needs };
  ledger.spend(pod);
  const remedy = outcome?.remedy === undefined ? '' : ` ${outcome.remedy}`;
  return {
    pod: name,
    fate: 'waits',
    reason: `${outcome?.message ?? 'it is not placed by this scheduler'}${remedy}`,
    ...needs,
  };
}
