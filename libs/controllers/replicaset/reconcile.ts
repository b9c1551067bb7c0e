import type { V1LabelSelector, V1Pod, V1ReplicaSetStatus, V1ReplicationController } from '../../api/gen/types.ts';
import { pods } from '../../api/kinds/pod.ts';
import { replicasets } from '../../api/kinds/replicaset.ts';
import { replicationcontrollers } from '../../api/kinds/replicationcontroller.ts';
import type { Resource } from '../../api/meta.ts';
import { slowStart } from '../../reconcile/batch.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { OwnedPods } from '../../reconcile/owned-pods.ts';
import { byController, controllerOf, controllerUidOf } from '../../reconcile/ownership.ts';
import { messageOf, PodControl } from '../../reconcile/pod-control.ts';
import { isNamespaceTerminating } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { compute, computeStatus, type Failure, type Plan, podOf, type Replicated } from './compute.ts';

const workers = 5;

/** Keeps as many pods of a template as a ReplicaSet asks for. */
export function newReplicaSetController(context: ControllerContext): Controller {
  return newReplicaController(context, {
    name: 'replicaset',
    resource: replicasets,
    selectorOf: ({ spec }) => spec?.selector,
    statusOf: (status) => status,
  });
}

/** The same for ReplicationControllers, the older form of ReplicaSets. */
export function newReplicationController(context: ControllerContext): Controller {
  return newReplicaController<V1ReplicationController>(context, {
    name: 'replicationcontroller',
    resource: replicationcontrollers,
    selectorOf: ({ spec }) => (spec?.selector ? { matchLabels: spec.selector } : undefined),
    statusOf: ({ terminatingReplicas: _, ...status }) => status,
  });
}

interface ReplicaKind<O extends Replicated> {
  name: string;
  resource: Resource<O>;
  selectorOf(owner: O): V1LabelSelector | undefined;
  /** The status as the kind has it. */
  statusOf(status: V1ReplicaSetStatus): O['status'];
}

function newReplicaController<O extends Replicated>(context: ControllerContext, kind: ReplicaKind<O>): Controller {
  const reconciler = new ReplicaReconciler(context, kind);
  const { owned } = reconciler;
  const controller = new Controller(context, {
    name: kind.name,
    caches: [owned.owners, owned.cache],
    reconcile: (key) => reconciler.reconcile(key),
    workers,
  });
  owned.watch((key) => controller.enqueue(key));
  return controller;
}

class ReplicaReconciler<O extends Replicated> {
  readonly #context: ControllerContext;
  readonly #kind: ReplicaKind<O>;
  readonly #expectations: Expectations;
  readonly #control: PodControl;
  readonly owned: OwnedPods<O>;

  constructor(context: ControllerContext, kind: ReplicaKind<O>) {
    this.#context = context;
    this.#kind = kind;
    this.#expectations = new Expectations({ ...context, resource: pods });
    const events = context.events.for(`${kind.name}-controller`);
    const { client } = context;
    this.#control = new PodControl({ client, events, resource: kind.resource, expectations: this.#expectations });
    this.owned = new OwnedPods(context, kind.resource, { selectorOf: kind.selectorOf });
    this.owned.owners.addIndex(byController, controllerUidOf);
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    await this.#expectations.settle(key);
    const replicaSet = this.owned.owners.get(key);
    if (!replicaSet) {
      this.#expectations.forget(key);
      return {};
    }
    // Read and judged in one breath: what comes in later must not make an older reading look complete.
    const candidates = this.owned.candidatesOf(replicaSet);
    const caughtUp = this.#expectations.satisfied(key, this.owned.cache, candidates);
    if (!caughtUp) return { requeueAfterMs: expectationRecheckMs };
    const mine = await this.owned.claim(replicaSet, candidates);
    const plan = compute({ replicaSet, pods: mine, related: this.#relatedPods(replicaSet) }, this.#context.clock.now());
    const problem = await this.#apply(key, replicaSet, plan);
    const changesInMs = await this.#writeStatus(replicaSet, mine, problem?.failure);
    if (problem) throw problem.cause;
    return changesInMs === undefined ? {} : { requeueAfterMs: changesInMs };
  }

  #relatedPods(replicaSet: O): V1Pod[] {
    const owner = controllerOf(replicaSet)?.uid;
    const siblings = owner ? this.owned.owners.byIndex(byController, owner) : [replicaSet];
    return siblings.flatMap((sibling) => this.owned.cache.byIndex(byController, sibling.metadata?.uid ?? ''));
  }

  async #apply(key: string, replicaSet: O, plan: Plan): Promise<{ failure: Failure; cause: unknown } | undefined> {
    try {
      const createOne = () => this.#control.create(key, replicaSet, podOf(this.#kind.resource, replicaSet));
      if (plan.creations > 0) await slowStart(plan.creations, createOne);
    } catch (cause) {
      if (isNamespaceTerminating(cause)) return undefined;
      return { failure: { reason: 'FailedCreate', message: messageOf(cause) }, cause };
    }
    const removals = plan.deletions.map((pod) => this.#control.remove(key, replicaSet, pod));
    const failed = (await Promise.allSettled(removals)).find((outcome) => outcome.status === 'rejected');
    if (!failed) return undefined;
    return { failure: { reason: 'FailedDelete', message: messageOf(failed.reason) }, cause: failed.reason };
  }

  async #writeStatus(replicaSet: O, mine: readonly V1Pod[], failure: Failure | undefined) {
    const { client, clock } = this.#context;
    const computed = computeStatus({ replicaSet, pods: mine }, failure, clock.now());
    const { changesInMs } = computed;
    const status = this.#kind.statusOf(computed.status);
    if (!same(replicaSet.status, status)) {
      await client.update(this.#kind.resource, { ...replicaSet, status }, { subresource: 'status' });
    }
    return changesInMs;
  }
}
