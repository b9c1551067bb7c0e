import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { jobs } from '../../api/kinds/job.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { OwnedPods } from '../../reconcile/owned-pods.ts';
import { controllerOf } from '../../reconcile/ownership.ts';
import { PodControl } from '../../reconcile/pod-control.ts';
import { isNamespaceTerminating, unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { compute, type Plan } from './compute.ts';
import { podOf } from './pod.ts';
import { letGo } from './release.ts';
import { conditionOf, isFinished, isTracked, trackingFinalizer } from './tracking.ts';

/** Runs the pods of Jobs until enough have succeeded or too many have failed. */
export function newJobController(context: ControllerContext): Controller {
  const runner = new JobRunner(context);
  const controller = new Controller(context, {
    name: 'job',
    caches: [runner.owned.owners, runner.owned.cache],
    reconcile: (key) => runner.reconcile(key),
  });
  runner.owned.watch((key) => controller.enqueue(key));
  return controller;
}

class JobRunner {
  readonly #context: ControllerContext;
  readonly #events;
  readonly #control: PodControl;
  /** What was written to pods and to jobs, and the caches may not show yet: counts rest on both. */
  readonly #podWrites: Expectations;
  readonly #jobWrites: Expectations;
  readonly owned: OwnedPods<V1Job>;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.owned = new OwnedPods<V1Job>(context, jobs, {
      selectorOf: ({ spec }) => spec?.selector,
      finalizer: trackingFinalizer,
    });
    this.#podWrites = new Expectations({ ...context, resource: pods });
    this.#jobWrites = new Expectations({ ...context, resource: jobs });
    this.#events = context.events.for('job-controller');
    const { client } = context;
    this.#control = new PodControl({ client, events: this.#events, resource: jobs, expectations: this.#podWrites });
  }

  async reconcile(key: string): Promise<ReconcileResult> {
    await this.#podWrites.settle(key);
    await this.#jobWrites.settle(key);
    const job = this.owned.owners.get(key);
    if (!job) {
      this.#podWrites.forget(key);
      this.#jobWrites.forget(key);
      return {};
    }
    if (job.spec?.managedBy && job.spec.managedBy !== 'kubernetes.io/job-controller') return {};
    if (isFinished(job)) return this.#expire(job);
    const candidates = this.owned.candidatesOf(job);
    const upToDate =
      this.#podWrites.satisfied(key, this.owned.cache, candidates) &&
      this.#jobWrites.satisfied(key, this.owned.owners, [job]);
    if (!upToDate) return { requeueAfterMs: expectationRecheckMs };
    if (job.metadata?.deletionTimestamp) {
      return this.#abandon(
        key,
        candidates.filter((pod) => controllerOf(pod)?.uid === job.metadata?.uid),
      );
    }
    const mine = await this.owned.claim(job, candidates);
    const plan = compute(job, mine, this.#context.clock.now());
    await this.#apply(key, job, plan);
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  }

  /** First the pods, then the status that counts on it, then the pods that it has noted are let go. */
  async #apply(key: string, job: V1Job, plan: Plan): Promise<void> {
    const removals = await Promise.allSettled([
      ...plan.remove.map((pod) => this.#control.remove(key, job, pod)),
      ...plan.discard.map((pod) => this.#discard(key, job, pod)),
    ]);
    const kept = removals.find((outcome) => outcome.status === 'rejected');
    if (kept) throw kept.reason;
    const creations = await Promise.allSettled(
      plan.create.map((wanted) => this.#control.create(key, job, podOf(job, wanted))),
    );
    const failures = creations.filter((outcome) => outcome.status === 'rejected');
    const active = (plan.status.active ?? 0) - failures.length;
    await this.#writeStatus(key, job, { ...plan, status: { ...plan.status, active: active > 0 ? active : undefined } });
    await Promise.all(plan.release.map((pod) => this.#release(key, pod)));
    const failed = failures[0];
    if (failed && !isNamespaceTerminating(failed.reason)) throw failed.reason;
  }

  async #writeStatus(key: string, job: V1Job, { status, news }: Plan): Promise<void> {
    if (same(job.status, status)) return;
    try {
      const written = await this.#context.client.update(jobs, { ...job, status }, { subresource: 'status' });
      this.#jobWrites.expectVersion(key, written.metadata?.resourceVersion);
    } catch (error) {
      this.#jobWrites.writeFailed(key, error);
      throw error;
    }
    if (news) this.#events.record(jobs, job, news);
  }

  /** A pod that is let go before it is removed leaves nothing to count. */
  async #discard(key: string, job: V1Job, pod: V1Pod): Promise<void> {
    await this.#release(key, pod);
    await this.#control.remove(key, job, pod);
  }

  async #release(key: string, pod: V1Pod): Promise<void> {
    if (!isTracked(pod)) return;
    try {
      const released = await letGo(this.#context.client, pod);
      this.#podWrites.expectVersion(key, released?.metadata?.resourceVersion);
    } catch (error) {
      this.#podWrites.writeFailed(key, error);
      throw error;
    }
  }

  /** A job that is going away counts nothing any more and holds nothing back. */
  async #abandon(key: string, mine: readonly V1Pod[]): Promise<ReconcileResult> {
    await Promise.all(mine.map((pod) => this.#release(key, pod)));
    return {};
  }

  /** Deletes a job whose time after its end is over. */
  async #expire(job: V1Job): Promise<ReconcileResult> {
    const { client, clock } = this.#context;
    const seconds = job.spec?.ttlSecondsAfterFinished;
    if (seconds === undefined || job.metadata?.deletionTimestamp) return {};
    const ended = conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
    const leftMs = Date.parse(ended?.lastTransitionTime ?? '') + seconds * 1000 - clock.now();
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { uid = '', resourceVersion = '' } = job.metadata ?? {};
    const preconditions = { uid, resourceVersion };
    await unlessMissing(client.delete(jobs, nameOf(job), { propagationPolicy: 'Foreground', preconditions }));
    return {};
  }
}
