import type {
  V1DaemonSet,
  V1Deployment,
  V1Namespace,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
  V1StatefulSet,
} from '../../api/gen/types.ts';
import { Draft, type ObjectPlan } from './draft.ts';
import { inOrderOfLeaving, roll, rolloutOf } from './rollout.ts';
import {
  daemonReplica,
  isSameTemplate,
  ownedPods,
  partitionOf,
  replica,
  replicasOf,
  type Workload,
} from './workload.ts';
import type { Snapshot, World } from './world.ts';

/** Replicas of one object that are looked at; the rest would be more of the same. */
const replicasMax = 10_000;

/** One object that is to be applied. */
export interface PlanItem {
  /** As it would be stored. */
  object: Workload;
  /** As it is stored now. */
  previous?: Workload;
  /** A pod of it with all that the API adds; absent when it makes none. */
  sample?: V1Pod;
  /** Why the API would refuse the object or its pods. */
  refusal?: string;
}

export interface Plan {
  objects: ObjectPlan[];
  /** Whether every pod would find a place. */
  fits: boolean;
}

/** What applying the objects one after another would do. The world is left as it would be then. */
export function plan(world: World, items: readonly PlanItem[], snapshot: Snapshot): Plan {
  // Who can be placed already will be, before anything that is applied now.
  world.settle([]);
  const objects = items.flatMap((item) => planOne(world, item, snapshot) ?? []);
  return { objects, fits: objects.every(({ change, waiting }) => change !== 'refused' && waiting.length === 0) };
}

function planOne(world: World, item: PlanItem, snapshot: Snapshot): ObjectPlan | undefined {
  const { object, sample, refusal } = item;
  const { kind = '', metadata } = object;
  const namespace = metadata?.namespace ?? '';
  const name = metadata?.name ?? metadata?.generateName ?? '';
  if (refusal !== undefined) {
    const draft = new Draft(world, `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`, namespace);
    Object.assign(draft.plan, { change: 'refused', notes: [refusal] });
    return draft.plan;
  }
  if (kind === 'Namespace') world.addNamespace(object as V1Namespace);
  if (kind === 'Service') world.addService(object as V1Service);
  if (kind === 'PodDisruptionBudget') world.addBudget(object as V1PodDisruptionBudget);
  if (sample === undefined) return undefined;
  const draft = new Draft(world, `${kind} ${namespace}/${name}`, namespace);
  const owned = ownedPods(object, snapshot);
  if (kind === 'DaemonSet') planDaemons(draft, item, owned);
  else if (kind === 'StatefulSet') planOrdinals(draft, item, owned);
  else planReplicas(draft, item, owned);
  if (kind === 'CronJob' && draft.plan.change === 'creates') draft.plan.notes.push('each run would place these pods');
  if (replicasOf(object) > replicasMax) draft.plan.notes.push(`only the first ${replicasMax} replicas were looked at`);
  return draft.plan;
}

const wantedOf = (object: Workload) => Math.min(replicasOf(object), replicasMax);

function planReplicas(draft: Draft, { object, previous, sample }: PlanItem, owned: V1Pod[]): void {
  let made = 0;
  const name = object.metadata?.name ?? object.metadata?.generateName ?? '';
  const make = (count: number) =>
    Array.from({ length: count }, () => replica(sample!, object.kind === 'Pod' ? name : `${name}/${++made}`));
  const wanted = wantedOf(object);
  if (object.kind === 'Deployment' && previous !== undefined && !isSameTemplate(object, previous)) {
    draft.plan.change = 'rolls';
    roll(draft, rolloutOf(object as V1Deployment), owned, make);
    return;
  }
  // Only the difference: what its controllers have yet to do for the present state is no part of the change.
  const isNew = previous === undefined || (object.kind === 'CronJob' && !isSameTemplate(object, previous));
  const missing = isNew ? wanted - owned.length : wanted - wantedOf(previous);
  draft.plan.change = isNew ? 'creates' : missing > 0 ? 'grows' : missing < 0 ? 'shrinks' : 'keeps';
  if (missing > 0) draft.place(make(missing));
  for (const pod of inOrderOfLeaving(owned, draft).slice(0, Math.max(0, -missing))) draft.leave(pod);
}

/** Pods with numbers: new ones in order, old templates replaced from the highest number down to the partition. */
function planOrdinals(draft: Draft, { object, previous, sample }: PlanItem, owned: V1Pod[]): void {
  const set = object as V1StatefulSet;
  const first = set.spec?.ordinals?.start ?? 0;
  const wanted = wantedOf(object);
  const byName = new Map(owned.map((pod) => [pod.metadata?.name, pod]));
  const nameAt = (at: number) => `${set.metadata?.name}-${first + at}`;
  const rolls = previous !== undefined && !isSameTemplate(object, previous);
  draft.plan.change = previous === undefined ? 'creates' : rolls ? 'rolls' : 'keeps';
  // As of replicas: only the difference.
  const before = previous === undefined ? 0 : wantedOf(previous);
  const isOrdered = set.spec?.podManagementPolicy !== 'Parallel';
  for (let at = 0; at < wanted; at++) {
    const old = byName.get(nameAt(at));
    byName.delete(nameAt(at));
    if (old !== undefined || at < before) continue;
    if (draft.plan.change === 'keeps') draft.plan.change = 'grows';
    const placed = draft.place([replica(sample!, nameAt(at))]);
    if (placed.length === 0 && isOrdered) {
      if (at + 1 < wanted) draft.plan.notes.push(`${wanted - at - 1} more would wait for ${nameAt(at)}`);
      return;
    }
  }
  for (const pod of byName.values()) draft.leave(pod);
  if (byName.size > 0 && draft.plan.change === 'keeps') draft.plan.change = 'shrinks';
  if (!rolls || set.spec?.updateStrategy?.type === 'OnDelete') return;
  const old = new Map(owned.map((pod) => [pod.metadata?.name, pod]));
  for (let at = wanted - 1; at >= partitionOf(set); at--) {
    const pod = old.get(nameAt(at));
    if (pod === undefined) continue;
    draft.leave(pod);
    if (draft.place([replica(sample!, nameAt(at))]).length > 0) continue;
    if (at > partitionOf(set)) draft.plan.notes.push(`the rollout would stop at ${nameAt(at)}`);
    return;
  }
}

/** One pod on each node that it is meant for: where nothing that rests on the node alone speaks against it. */
function planDaemons(draft: Draft, { object, previous, sample }: PlanItem, owned: V1Pod[]): void {
  const { cluster, core } = draft.world;
  const set = object as V1DaemonSet;
  const running = new Map(owned.map((pod) => [draft.world.nodeOf(pod) ?? '', pod]));
  const rolls = previous !== undefined && !isSameTemplate(object, previous);
  draft.plan.change = previous === undefined ? 'creates' : rolls ? 'rolls' : 'keeps';
  if (draft.plan.change === 'keeps') return;
  const fresh: V1Pod[] = [];
  for (let slot = 0; slot < cluster.table.size; slot++) {
    if (!cluster.table.exists(slot)) continue;
    const pod = daemonReplica(sample!, set, cluster.table.names[slot]!);
    const info = cluster.read(pod);
    const isMeant = core.views
      .of(info)
      .refusalsOf(slot)
      .every(({ isResolvable }) => isResolvable);
    cluster.forget(info);
    const old = running.get(cluster.table.names[slot]!);
    if (old !== undefined) draft.leave(old);
    if (isMeant) fresh.push(pod);
  }
  draft.place(fresh);
}
