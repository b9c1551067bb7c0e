import type { V1Pod, V1ReplicaSet } from '../../api/gen/types.ts';
import { pods } from '../../api/kinds/pod.ts';
import { replicasets } from '../../api/kinds/replicaset.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { adoptAndRelease } from '../../reconcile/adoption.ts';
import { slowStart } from '../../reconcile/batch.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import * as ownership from '../../reconcile/ownership.ts';
import { isPodTerminal } from '../../reconcile/pods.ts';
import { isNamespaceTerminating } from '../../reconcile/retry.ts';
import { compute, computeStatus, type Failure, type Plan, podOf } from './compute.ts';

/** Keeps as many pods of a template as a ReplicaSet asks for. */
export function newReplicaSetController(context: ControllerContext): Controller {
  const reconciler = new ReplicaSetReconciler(context);
  const { replicaSetCache, podCache } = reconciler;
  const controller = new Controller(context, {
    name: 'replicaset',
    caches: [replicaSetCache, podCache],
    reconcile: (key) => reconciler.reconcile(key),
    workers: 5,
  });
  const enqueue = (object: KubeObject) => controller.enqueue(objectKey(nameOf(object)));
  const enqueueOwners = (pod: V1Pod) => {
    for (const replicaSet of reconciler.replicaSetsOf(pod)) enqueue(replicaSet);
  };
  replicaSetCache.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  podCache.addHandler({
    added: enqueueOwners,
    updated: (pod, previous) => {
      if (ownership.controllerOf(previous)?.uid !== ownership.controllerOf(pod)?.uid) enqueueOwners(previous);
      enqueueOwners(pod);
    },
    deleted: enqueueOwners,
  });
  return controller;
}

class ReplicaSetReconciler {
  readonly #context: ControllerContext;
  readonly #expectations: Expectations;
  readonly #events;
  readonly replicaSetCache;
  readonly podCache;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#expectations = new Expectations({ ...context, resource: pods });
    this.#events = context.events.for('replicaset-controller');
    this.replicaSetCache = context.informers
      .of(replicasets)
      .addIndex(ownership.byController, ownership.controllerUidOf);
    this.podCache = context.informers.of(pods).addIndex(ownership.byController, ownership.controllerUidOf);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    const replicaSet = this.replicaSetCache.get(key);
    if (!replicaSet) {
      this.#expectations.forget(key);
      return {};
    }
    await this.#expectations.settle(key);
    // Read and judged in one breath: what comes in later must not make an older reading look complete.
    const candidates = this.#candidates(replicaSet);
    const caughtUp = this.#expectations.satisfied(key, this.podCache, candidates);
    if (!caughtUp) return { requeueAfterMs: expectationRecheckMs };
    const owned = await this.#claimPods(replicaSet, candidates);
    const plan = compute(
      { replicaSet, pods: owned, related: this.#relatedPods(replicaSet) },
      this.#context.clock.now(),
    );
    const problem = await this.#apply(key, replicaSet, plan);
    const changesInMs = await this.#writeStatus(replicaSet, owned, problem?.failure);
    if (problem) throw problem.cause;
    return changesInMs === undefined ? {} : { requeueAfterMs: changesInMs };
  }

  /** The ReplicaSet that controls a pod, or those that might adopt it. */
  replicaSetsOf(pod: V1Pod): V1ReplicaSet[] {
    const namespace = pod.metadata?.namespace;
    const reference = ownership.controllerOf(pod);
    if (!reference) {
      if (pod.metadata?.deletionTimestamp || !pod.metadata?.labels) return [];
      return this.replicaSetCache
        .list(namespace)
        .filter((candidate) => ownership.selectorMatches(candidate.spec?.selector, pod.metadata?.labels));
    }
    if (!ownership.refersTo(replicasets, reference)) return [];
    const owner = this.replicaSetCache.get(objectKey({ namespace, name: reference.name }));
    return owner?.metadata?.uid === reference.uid ? [owner] : [];
  }

  #candidates(replicaSet: V1ReplicaSet): V1Pod[] {
    const { namespace, uid = '' } = replicaSet.metadata ?? {};
    const orphans = this.podCache.byIndex(ownership.byController, ownership.orphansOf(namespace));
    return [...this.podCache.byIndex(ownership.byController, uid), ...orphans.filter((pod) => !isPodTerminal(pod))];
  }

  #claimPods(replicaSet: V1ReplicaSet, candidates: readonly V1Pod[]): Promise<V1Pod[]> {
    return adoptAndRelease({
      client: this.#context.client,
      ownerResource: replicasets,
      owner: replicaSet,
      resource: pods,
      selector: replicaSet.spec?.selector,
      candidates,
    });
  }

  #relatedPods(replicaSet: V1ReplicaSet): V1Pod[] {
    const owner = ownership.controllerOf(replicaSet)?.uid;
    const siblings = owner ? this.replicaSetCache.byIndex(ownership.byController, owner) : [replicaSet];
    return siblings.flatMap((sibling) => this.podCache.byIndex(ownership.byController, sibling.metadata?.uid ?? ''));
  }

  async #apply(
    key: string,
    replicaSet: V1ReplicaSet,
    plan: Plan,
  ): Promise<{ failure: Failure; cause: unknown } | undefined> {
    try {
      if (plan.creations > 0) await slowStart(plan.creations, () => this.#createPod(key, replicaSet));
    } catch (cause) {
      if (isNamespaceTerminating(cause)) return undefined;
      return { failure: { reason: 'FailedCreate', message: messageOf(cause) }, cause };
    }
    const outcomes = await Promise.allSettled(plan.deletions.map((pod) => this.#deletePod(key, replicaSet, pod)));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (!failed) return undefined;
    return { failure: { reason: 'FailedDelete', message: messageOf(failed.reason) }, cause: failed.reason };
  }

  async #createPod(key: string, replicaSet: V1ReplicaSet): Promise<void> {
    try {
      const pod = await this.#context.client.create(pods, podOf(replicaSet));
      this.#expectations.expectVersion(key, pod.metadata?.resourceVersion);
      const message = `Created pod: ${pod.metadata?.name}`;
      this.#events.record(replicasets, replicaSet, { type: 'Normal', reason: 'SuccessfulCreate', message });
    } catch (error) {
      this.#expectations.writeFailed(key, error);
      if (!isNamespaceTerminating(error)) {
        const message = `Error creating: ${messageOf(error)}`;
        this.#events.record(replicasets, replicaSet, { type: 'Warning', reason: 'FailedCreate', message });
      }
      throw error;
    }
  }

  async #deletePod(key: string, replicaSet: V1ReplicaSet, pod: V1Pod): Promise<void> {
    const uid = pod.metadata?.uid ?? '';
    this.#expectations.expectDeletion(key, uid);
    try {
      await this.#context.client.delete(pods, nameOf(pod), { preconditions: { uid } });
      const message = `Deleted pod: ${pod.metadata?.name}`;
      this.#events.record(replicasets, replicaSet, { type: 'Normal', reason: 'SuccessfulDelete', message });
    } catch (error) {
      if (isStatus(error, 'NotFound')) return;
      this.#expectations.deletionFailed(key, uid);
      const message = `Error deleting: ${messageOf(error)}`;
      this.#events.record(replicasets, replicaSet, { type: 'Warning', reason: 'FailedDelete', message });
      throw error;
    }
  }

  async #writeStatus(replicaSet: V1ReplicaSet, owned: readonly V1Pod[], failure: Failure | undefined) {
    const { client, clock } = this.#context;
    const { status, changesInMs } = computeStatus({ replicaSet, pods: owned }, failure, clock.now());
    if (!sameStatus(replicaSet.status, status)) {
      await client.update(replicasets, { ...replicaSet, status }, { subresource: 'status' });
    }
    return changesInMs;
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

function sameStatus(one: V1ReplicaSet['status'], other: V1ReplicaSet['status']): boolean {
  const sorted = (status: V1ReplicaSet['status']) =>
    JSON.stringify(Object.entries(status ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
  return sorted(one) === sorted(other);
}
