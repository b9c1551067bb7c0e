import type { V1Deployment, V1ReplicaSet } from '../../api/gen/types.ts';
import { deployments } from '../../api/kinds/deployment.ts';
import { pods } from '../../api/kinds/pod.ts';
import { replicasets } from '../../api/kinds/replicaset.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { adoptAndRelease } from '../../reconcile/adoption.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import * as ownership from '../../reconcile/ownership.ts';
import { isPodTerminal } from '../../reconcile/pods.ts';
import { isNamespaceTerminating, unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { compute, findNewest, type Plan } from './compute.ts';
import { hasDeadline, sizeOf } from './limits.ts';
import { revisionAnnotation } from './revision.ts';
import { condition, withCondition } from './status.ts';
import { sameTemplate } from './template.ts';

/** Keeps ReplicaSets for the templates of Deployments and moves replicas from the old ones to the newest. */
export function newDeploymentController(context: ControllerContext): Controller {
  const reconciler = new DeploymentReconciler(context);
  const { deploymentCache, replicaSetCache, podCache } = reconciler;
  const controller = new Controller(context, {
    name: 'deployment',
    caches: [deploymentCache, replicaSetCache, podCache],
    reconcile: (key) => reconciler.reconcile(key),
  });
  const enqueue = (object: KubeObject) => controller.enqueue(objectKey(nameOf(object)));
  const enqueueOwners = (replicaSet: V1ReplicaSet) => {
    for (const deployment of reconciler.deploymentsOf(replicaSet)) enqueue(deployment);
  };
  deploymentCache.addHandler({ added: enqueue, updated: enqueue, deleted: enqueue });
  replicaSetCache.addHandler({
    added: enqueueOwners,
    updated: (replicaSet, previous) => {
      const sameOwner = ownership.controllerOf(previous)?.uid === ownership.controllerOf(replicaSet)?.uid;
      if (!sameOwner) enqueueOwners(previous);
      enqueueOwners(replicaSet);
    },
    deleted: enqueueOwners,
  });
  podCache.addHandler({
    updated: (pod, previous) => {
      if (isPodTerminal(pod) && !isPodTerminal(previous)) reconciler.recreatingOwnerOf(pod).forEach(enqueue);
    },
    deleted: (pod) => reconciler.recreatingOwnerOf(pod).forEach(enqueue),
  });
  return controller;
}

class DeploymentReconciler {
  readonly #context: ControllerContext;
  readonly #events;
  /** A rollout counts over all ReplicaSets, so each step must see the one before. */
  readonly #expectations: Expectations;
  readonly deploymentCache;
  readonly replicaSetCache;
  readonly podCache;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#events = context.events.for('deployment-controller');
    this.#expectations = new Expectations({ ...context, resource: replicasets });
    this.deploymentCache = context.informers.of(deployments);
    this.replicaSetCache = context.informers.of(replicasets);
    this.podCache = context.informers.of(pods).addIndex(ownership.byController, ownership.controllerUidOf);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    await this.#expectations.settle(key);
    const deployment = this.deploymentCache.get(key);
    if (!deployment) this.#expectations.forget(key);
    if (!deployment || ownership.isEmptySelector(deployment.spec?.selector)) return {};
    const candidates = this.replicaSetCache.list(deployment.metadata?.namespace);
    const caughtUp = this.#expectations.satisfied(key, this.replicaSetCache, candidates);
    if (!caughtUp) return { requeueAfterMs: expectationRecheckMs };
    const replicaSets = await adoptAndRelease({
      client: this.#context.client,
      ownerResource: deployments,
      owner: deployment,
      resource: replicasets,
      selector: deployment.spec?.selector,
      candidates,
    });
    const oldPodsRunning = this.#oldPodsRunning(deployment, replicaSets);
    const plan = compute({ deployment, replicaSets, oldPodsRunning }, this.#context.clock.now());
    try {
      await this.#apply(key, deployment, plan);
    } catch (error) {
      this.#expectations.writeFailed(key, error);
      if (isNamespaceTerminating(error)) return {};
      throw error;
    }
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  /** The Deployment that controls a ReplicaSet, or those that might adopt it. */
  deploymentsOf(replicaSet: V1ReplicaSet): V1Deployment[] {
    const namespace = replicaSet.metadata?.namespace;
    const reference = ownership.controllerOf(replicaSet);
    if (!reference) {
      return this.deploymentCache
        .list(namespace)
        .filter((candidate) => ownership.selectorMatches(candidate.spec?.selector, replicaSet.metadata?.labels));
    }
    if (!ownership.refersTo(deployments, reference)) return [];
    const owner = this.deploymentCache.get(objectKey({ namespace, name: reference.name }));
    return owner?.metadata?.uid === reference.uid ? [owner] : [];
  }

  /** The Deployment behind a pod, if it waits for old pods to go. */
  recreatingOwnerOf(pod: KubeObject): V1Deployment[] {
    const reference = ownership.controllerOf(pod);
    if (!ownership.refersTo(replicasets, reference)) return [];
    const at = { namespace: pod.metadata?.namespace, name: reference?.name ?? '' };
    const replicaSet = this.replicaSetCache.get(objectKey(at));
    if (!replicaSet || replicaSet.metadata?.uid !== reference?.uid) return [];
    return this.deploymentsOf(replicaSet).filter((owner) => owner.spec?.strategy?.type === 'Recreate');
  }

  #oldPodsRunning(deployment: V1Deployment, replicaSets: readonly V1ReplicaSet[]): boolean {
    if (deployment.spec?.strategy?.type !== 'Recreate') return false;
    const newest = findNewest(deployment, replicaSets);
    return replicaSets
      .filter((replicaSet) => replicaSet !== newest)
      .some((replicaSet) =>
        this.podCache
          .byIndex(ownership.byController, replicaSet.metadata?.uid ?? '')
          .some((pod) => !isPodTerminal(pod)),
      );
  }

  async #apply(key: string, deployment: V1Deployment, plan: Plan): Promise<void> {
    const { client } = this.#context;
    if (plan.create) await this.#create(key, deployment, plan.create);
    for (const { current, next } of plan.updates) {
      const written = await client.update(replicasets, next);
      this.#expectations.expectVersion(key, written.metadata?.resourceVersion);
      this.#announceScaling(deployment, next, sizeOf(current), sizeOf(next));
    }
    for (const replicaSet of plan.deletions) {
      await unlessMissing(client.delete(replicasets, nameOf(replicaSet), { propagationPolicy: 'Background' }));
    }
    let base = deployment;
    if (plan.revision !== undefined && deployment.metadata?.annotations?.[revisionAnnotation] !== plan.revision) {
      const { resourceVersion } = deployment.metadata ?? {};
      const body = { metadata: { resourceVersion, annotations: { [revisionAnnotation]: plan.revision } } };
      base = await client.patch(deployments, nameOf(deployment), { type: 'merge', body });
    }
    if (same(deployment.status ?? {}, plan.status)) return;
    await client.update(deployments, { ...base, status: plan.status }, { subresource: 'status' });
  }

  async #create(key: string, deployment: V1Deployment, replicaSet: V1ReplicaSet): Promise<void> {
    const { client } = this.#context;
    try {
      const made = await client.create(replicasets, replicaSet);
      this.#expectations.expectVersion(key, made.metadata?.resourceVersion);
    } catch (error) {
      if (isStatus(error, 'AlreadyExists')) return this.#resolveCollision(deployment, replicaSet, error);
      if (!isNamespaceTerminating(error)) await this.#reportFailedCreate(deployment, replicaSet, error);
      throw error;
    }
    this.#announceScaling(deployment, replicaSet, 0, sizeOf(replicaSet));
  }

  /** The name is taken: by our own ReplicaSet that the cache does not show yet, or by a stranger with the same hash. */
  async #resolveCollision(deployment: V1Deployment, wanted: V1ReplicaSet, cause: unknown): Promise<void> {
    const { client } = this.#context;
    const existing = await client.get(replicasets, nameOf(wanted));
    const mine = ownership.controllerOf(existing)?.uid === deployment.metadata?.uid;
    if (mine && sameTemplate(existing.spec?.template, deployment.spec?.template)) return;
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1;
    const status = { ...deployment.status, collisionCount };
    await client.update(deployments, { ...deployment, status }, { subresource: 'status' });
    throw cause;
  }

  async #reportFailedCreate(deployment: V1Deployment, replicaSet: V1ReplicaSet, error: unknown): Promise<void> {
    const { client, clock } = this.#context;
    const why = error instanceof Error ? error.message : String(error);
    const message = `Failed to create new replica set "${replicaSet.metadata?.name}": ${why}`;
    this.#events.record(deployments, deployment, { type: 'Warning', reason: 'ReplicaSetCreateError', message });
    if (!hasDeadline(deployment)) return;
    const failed = condition('Progressing', 'False', 'ReplicaSetCreateError', message);
    const conditions = withCondition(deployment.status?.conditions ?? [], failed, { nowMs: clock.now() });
    const status = { ...deployment.status, conditions };
    if (same(status, deployment.status)) return;
    await client.update(deployments, { ...deployment, status }, { subresource: 'status' }).catch(() => {});
  }

  #announceScaling(deployment: V1Deployment, replicaSet: V1ReplicaSet, from: number, to: number): void {
    if (from === to) return;
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${replicaSet.metadata?.name} from ${from} to ${to}`;
    this.#events.record(deployments, deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message });
  }
}
