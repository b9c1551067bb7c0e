import type { V1Job, V1Pod } from '../../api/gen/types.ts';
import { jobs } from '../../api/kinds/job.ts';
import { pods } from '../../api/kinds/pod.ts';
import { nameOf } from '../../api/meta.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { Expectations, expectationRecheckMs } from '../../reconcile/expectations.ts';
import { OwnedPods } from '../../reconcile/owned-pods.ts';
import { controllerReference } from '../../reconcile/ownership.ts';
import { PodControl } from '../../reconcile/pod-control.ts';
import { isNamespaceTerminating, unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { compute, conditionOf, isFinished, type Plan } from './compute.ts';
import { indexAnnotation } from './indexes.ts';

/** Runs the pods of Jobs until enough have succeeded or too many have failed. */
export function newJobController(context: ControllerContext): Controller {
  const { client, clock } = context;
  const owned = new OwnedPods<V1Job>(context, jobs, ({ spec }) => spec?.selector);
  const expectations = new Expectations({ ...context, resource: pods });
  const events = context.events.for('job-controller');
  const control = new PodControl({ client, events, resource: jobs, expectations });

  const apply = async (key: string, job: V1Job, plan: Plan): Promise<void> => {
    const work = [
      ...plan.create.map((index) => control.create(key, job, podOf(job, index))),
      ...plan.remove.map((pod) => control.remove(key, job, pod)),
    ];
    const outcomes = await Promise.allSettled(work);
    if (!same(job.status, plan.status)) {
      await client.update(jobs, { ...job, status: plan.status }, { subresource: 'status' });
      if (plan.news) events.record(jobs, job, plan.news);
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed && !isNamespaceTerminating(failed.reason)) throw failed.reason;
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    await expectations.settle(key);
    const job = owned.owners.get(key);
    if (!job) expectations.forget(key);
    if (!job || job.metadata?.deletionTimestamp || job.spec?.managedBy) return {};
    if (isFinished(job)) return expire(context, job);
    const candidates = owned.candidatesOf(job);
    if (!expectations.satisfied(key, owned.cache, candidates)) return { requeueAfterMs: expectationRecheckMs };
    const mine = await owned.claim(job, candidates);
    const plan = compute(job, mine, clock.now());
    await apply(key, job, plan);
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  };

  const controller = new Controller(context, { name: 'job', caches: [owned.owners, owned.cache], reconcile });
  owned.watch((key) => controller.enqueue(key));
  return controller;
}

/** Deletes a job whose time after its end is over. */
async function expire({ client, clock }: ControllerContext, job: V1Job): Promise<ReconcileResult> {
  const seconds = job.spec?.ttlSecondsAfterFinished;
  if (seconds === undefined) return {};
  const ended = conditionOf(job, 'Complete') ?? conditionOf(job, 'Failed');
  const leftMs = Date.parse(ended?.lastTransitionTime ?? '') + seconds * 1000 - clock.now();
  if (leftMs > 0) return { requeueAfterMs: leftMs };
  const { uid = '', resourceVersion = '' } = job.metadata ?? {};
  const preconditions = { uid, resourceVersion };
  await unlessMissing(client.delete(jobs, nameOf(job), { propagationPolicy: 'Foreground', preconditions }));
  return {};
}

function podOf(job: V1Job, index: number | undefined): V1Pod {
  const { metadata, spec = { containers: [] } } = job.spec?.template ?? {};
  const name = job.metadata?.name;
  const base: V1Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${name}-`,
      namespace: job.metadata?.namespace,
      labels: { ...metadata?.labels },
      ...(metadata?.annotations ? { annotations: { ...metadata.annotations } } : {}),
      ownerReferences: [controllerReference(jobs, job)],
    },
    spec,
  };
  if (index === undefined) return base;
  const fromIndex = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${indexAnnotation}']` } },
  };
  const withIndex = <C extends { env?: unknown[] }>(container: C): C => ({
    ...container,
    env: [...(container.env ?? []), fromIndex],
  });
  return {
    ...base,
    metadata: {
      ...base.metadata,
      generateName: `${name}-${index}-`,
      labels: { ...base.metadata?.labels, [indexAnnotation]: String(index) },
      annotations: { ...base.metadata?.annotations, [indexAnnotation]: String(index) },
    },
    spec: {
      ...spec,
      hostname: `${name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(withIndex) } : {}),
    },
  };
}
