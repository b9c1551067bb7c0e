import type { V1Pod, V1PodDisruptionBudget } from '../../api/gen/types.ts';
import { deployments } from '../../api/kinds/deployment.ts';
import { pods } from '../../api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../api/kinds/poddisruptionbudget.ts';
import { replicasets } from '../../api/kinds/replicaset.ts';
import { statefulsets } from '../../api/kinds/statefulset.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { controllerOf, refersTo, selectorMatches } from '../../reconcile/ownership.ts';
import { isPodTerminal } from '../../reconcile/pods.ts';
import { same } from '../../reconcile/same.ts';
import { computeStatus } from './compute.ts';

/** Keeps the status of PodDisruptionBudgets, by which evictions are granted. */
export function newDisruptionController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const budgetCache = informers.of(poddisruptionbudgets);
  const podCache = informers.of(pods);
  const sized = [deployments, replicasets, statefulsets].map((resource) => ({
    resource,
    cache: informers.of<Sized>(resource),
  }));

  /** The object whose size counts: the Deployment behind a ReplicaSet, or the pod's controller itself. */
  const sizeOwner = (object: KubeObject): Sized | undefined => {
    const reference = controllerOf(object);
    const kind = sized.find(({ resource }) => refersTo(resource, reference));
    const at = { namespace: object.metadata?.namespace, name: reference?.name ?? '' };
    const owner = kind?.cache.get(objectKey(at));
    if (!owner || owner.metadata?.uid !== reference?.uid) return undefined;
    return sizeOwner(owner) ?? owner;
  };

  const expectedOf = (selected: readonly V1Pod[]): number => {
    const owners = new Map<string, number>();
    let alone = 0;
    for (const pod of selected) {
      const owner = sizeOwner(pod);
      if (owner?.metadata?.uid) owners.set(owner.metadata.uid, owner.spec?.replicas ?? 1);
      else alone += 1;
    }
    return [...owners.values()].reduce((sum, size) => sum + size, alone);
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const budget = budgetCache.get(key);
    if (!budget) return {};
    const selected = podCache
      .list(budget.metadata?.namespace)
      .filter((pod) => !isPodTerminal(pod) && selectorMatches(budget.spec?.selector, pod.metadata?.labels));
    const { status, changesInMs } = computeStatus(
      { budget, pods: selected, expected: expectedOf(selected) },
      clock.now(),
    );
    if (!same(budget.status, status)) {
      await client.update(poddisruptionbudgets, { ...budget, status }, { subresource: 'status' });
    }
    return changesInMs === undefined ? {} : { requeueAfterMs: changesInMs };
  };

  const caches = [budgetCache, podCache, ...sized.map(({ cache }) => cache)];
  const controller = new Controller(context, { name: 'disruption', caches, reconcile });
  const enqueue = (budget: V1PodDisruptionBudget) => controller.enqueue(objectKey(nameOf(budget)));
  const touch = (pod: V1Pod) => {
    for (const budget of budgetCache.list(pod.metadata?.namespace)) {
      if (selectorMatches(budget.spec?.selector, pod.metadata?.labels)) enqueue(budget);
    }
  };
  budgetCache.addHandler({ added: enqueue, updated: enqueue });
  podCache.addHandler({ added: touch, updated: touch, deleted: touch });
  const enqueueNamespace = (object: KubeObject) => budgetCache.list(object.metadata?.namespace).forEach(enqueue);
  for (const { cache } of sized) {
    cache.addHandler({
      updated: (object, previous) => {
        if (object.spec?.replicas !== previous.spec?.replicas) enqueueNamespace(object);
      },
    });
  }
  return controller;
}

interface Sized extends KubeObject {
  spec?: { replicas?: number };
}
