import type { V1ControllerRevision, V1StatefulSet } from '../../api/gen/types.ts';
import { persistentvolumeclaims } from '../../api/kinds/persistentvolumeclaim.ts';
import { pods } from '../../api/kinds/pod.ts';
import { statefulsets } from '../../api/kinds/statefulset.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { OwnedPods } from '../../reconcile/owned-pods.ts';
import { PodControl } from '../../reconcile/pod-control.ts';
import { allDone, unlessExists } from '../../reconcile/retry.ts';
import { type History, hashOf, Revisions, templateOf } from '../../reconcile/revisions.ts';
import { same } from '../../reconcile/same.ts';
import { claimOwnerOf, settleClaims } from './claims.ts';
import { compute, computeStatus, type Plan, revisionOf } from './compute.ts';
import { claimsOf, podOf } from './identity.ts';

/** Keeps the numbered pods of StatefulSets and the claims of their storage. */
export function newStatefulSetController(context: ControllerContext): Controller {
  const { client, clock } = context;
  const owned = new OwnedPods<V1StatefulSet>(context, statefulsets, { selectorOf: ({ spec }) => spec?.selector });
  const revisions = new Revisions<V1StatefulSet>(context, statefulsets);
  const claims = context.informers.of(persistentvolumeclaims);
  const expectations = new Expectations({ ...context, resource: pods });
  const events = context.events.for('statefulset-controller');
  const control = new PodControl({ client, events, resource: statefulsets, expectations });

  const createOne = async (key: string, set: V1StatefulSet, ordinal: number, revision: V1ControllerRevision) => {
    const owner = claimOwnerOf(set, ordinal);
    for (const { metadata, ...claim } of claimsOf(set, ordinal)) {
      const owned = { ...metadata, ...(owner ? { ownerReferences: [owner] } : {}) };
      await unlessExists(client.create(persistentvolumeclaims, { ...claim, metadata: owned }));
    }
    await unlessExists(control.create(key, set, podOf(set, ordinal, templateOf(revision), nameOfRevision(revision))));
  };

  const apply = async (key: string, set: V1StatefulSet, plan: Plan, { all, current }: History): Promise<void> => {
    const byName = new Map(all.map((revision) => [nameOfRevision(revision), revision]));
    await allDone([
      ...plan.create.map(({ ordinal, revision }) => createOne(key, set, ordinal, byName.get(revision) ?? current)),
      ...plan.remove.map((pod) => control.remove(key, set, pod)),
    ]);
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    await expectations.settle(key);
    const set = owned.owners.get(key);
    if (!set?.spec) {
      expectations.forget(key);
      return {};
    }
    const candidates = owned.candidatesOf(set);
    if (!expectations.satisfied(key, owned.cache, candidates)) return { requeueAfterMs: expectationRecheckMs };
    const mine = await owned.claim(set, candidates);
    const history = await revisions.sync(set, set.spec.template);
    const updateRevision = nameOfRevision(history.current);
    const before = set.status?.currentRevision;
    const known = history.all.some((revision) => nameOfRevision(revision) === before);
    const snapshot = { set, pods: mine, updateRevision, currentRevision: before && known ? before : updateRevision };
    // Before a pod is removed: with it may go the last who knows of its claims.
    for (const pod of mine) await settleClaims({ client, claims, set, pod });
    await apply(key, set, compute(snapshot, clock.now()), history);
    const { status, changesInMs } = computeStatus(snapshot, clock.now());
    if (!same(set.status, status)) await client.update(statefulsets, { ...set, status }, { subresource: 'status' });
    const names = new Set([snapshot.currentRevision, ...mine.map(revisionOf)]);
    const inUse = history.all.filter((revision) => names.has(nameOfRevision(revision))).map(hashOf);
    await revisions.trim(set, history, new Set(inUse));
    return changesInMs === undefined ? {} : { requeueAfterMs: changesInMs };
  };

  const caches = [owned.owners, owned.cache, revisions.cache, claims];
  const controller = new Controller(context, { name: 'statefulset', caches, reconcile });
  owned.watch((key) => controller.enqueue(key));
  return controller;
}

const nameOfRevision = (revision: V1ControllerRevision): string => revision.metadata?.name ?? '';
