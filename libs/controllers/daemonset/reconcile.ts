import type { V1DaemonSet, V1Node } from '../../api/gen/types.ts';
import { daemonsets } from '../../api/kinds/daemonset.ts';
import { nodes } from '../../api/kinds/node.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { OwnedPods } from '../../reconcile/owned-pods.ts';
import { PodControl } from '../../reconcile/pod-control.ts';
import { allDone } from '../../reconcile/retry.ts';
import { hashOf, Revisions, revisionHashLabel } from '../../reconcile/revisions.ts';
import { same } from '../../reconcile/same.ts';
import { compute, computeStatus, type Plan, podOf } from './compute.ts';

/** Keeps one pod on each node where a DaemonSet wants it. */
export function newDaemonSetController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const nodeCache = informers.of(nodes);
  const owned = new OwnedPods<V1DaemonSet>(context, daemonsets, { selectorOf: ({ spec }) => spec?.selector });
  const revisions = new Revisions<V1DaemonSet>(context, daemonsets);
  const expectations = new Expectations({ ...context, resource: pods });
  const events = context.events.for('daemonset-controller');
  const control = new PodControl({ client, events, resource: daemonsets, expectations });

  const apply = async (key: string, daemonSet: V1DaemonSet, plan: Plan, hash: string): Promise<void> => {
    await allDone([
      ...plan.create.map((node) => control.create(key, daemonSet, podOf(daemonSet, node, hash))),
      ...plan.remove.map((pod) => control.remove(key, daemonSet, pod)),
    ]);
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    await expectations.settle(key);
    const daemonSet = owned.owners.get(key);
    if (!daemonSet?.spec) {
      expectations.forget(key);
      return {};
    }
    const candidates = owned.candidatesOf(daemonSet);
    if (!expectations.satisfied(key, owned.cache, candidates)) return { requeueAfterMs: expectationRecheckMs };
    const mine = await owned.claim(daemonSet, candidates);
    const history = await revisions.sync(daemonSet, daemonSet.spec.template);
    const snapshot = { daemonSet, pods: mine, nodes: nodeCache.list(), hash: hashOf(history.current) };
    await apply(key, daemonSet, compute(snapshot, clock.now()), snapshot.hash);
    const { status, changesInMs } = computeStatus(snapshot, clock.now());
    if (!same(daemonSet.status, status)) {
      await client.update(daemonsets, { ...daemonSet, status }, { subresource: 'status' });
    }
    const inUse = new Set(mine.map((pod) => pod.metadata?.labels?.[revisionHashLabel] ?? ''));
    await revisions.trim(daemonSet, history, inUse);
    return changesInMs === undefined ? {} : { requeueAfterMs: changesInMs };
  };

  const caches = [owned.owners, owned.cache, nodeCache, revisions.cache];
  const controller = new Controller(context, { name: 'daemonset', caches, reconcile });
  owned.watch((key) => controller.enqueue(key));
  const enqueueAll = () => {
    for (const daemonSet of owned.owners.list()) controller.enqueue(objectKey(nameOf(daemonSet)));
  };
  const placementOf = ({ metadata, spec }: V1Node) => [metadata?.labels, spec?.taints, spec?.unschedulable];
  nodeCache.addHandler({
    added: enqueueAll,
    updated: (node, previous) => {
      if (!same(placementOf(node), placementOf(previous))) enqueueAll();
    },
    deleted: enqueueAll,
  });
  return controller;
}
