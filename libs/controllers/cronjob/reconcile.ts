import type { V1CronJob, V1Job } from '../../api/gen/types.ts';
import { cronjobs } from '../../api/kinds/cronjob.ts';
import { jobs } from '../../api/kinds/job.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { byController, controllerOf, controllerUidOf, refersTo } from '../../reconcile/ownership.ts';
import { messageOf } from '../../reconcile/pod-control.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import { compute, type Plan } from './compute.ts';

/** Starts the Jobs of CronJobs at their times and keeps their history short. */
export function newCronJobController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const events = context.events.for('cronjob-controller');
  const cache = informers.of(cronjobs);
  const jobCache = informers.of(jobs).addIndex(byController, controllerUidOf);

  const apply = async (cronJob: V1CronJob, plan: Plan): Promise<void> => {
    for (const job of plan.remove) {
      await unlessMissing(client.delete(jobs, nameOf(job), { propagationPolicy: 'Background' }));
      events.record(cronjobs, cronJob, {
        type: 'Normal',
        reason: 'SuccessfulDelete',
        message: `Deleted job ${job.metadata?.name}`,
      });
    }
    if (plan.create) await startJob(cronJob, plan.create);
    for (const news of plan.news) events.record(cronjobs, cronJob, news);
    if (same(cronJob.status ?? {}, plan.status)) return;
    await client.update(cronjobs, { ...cronJob, status: plan.status }, { subresource: 'status' });
  };

  const startJob = async (cronJob: V1CronJob, job: V1Job): Promise<void> => {
    try {
      await client.create(jobs, job);
      events.record(cronjobs, cronJob, {
        type: 'Normal',
        reason: 'SuccessfulCreate',
        message: `Created job ${job.metadata?.name}`,
      });
    } catch (error) {
      // Made before, and the cache or the status did not show it yet.
      if (isStatus(error, 'AlreadyExists')) return;
      events.record(cronjobs, cronJob, {
        type: 'Warning',
        reason: 'FailedCreate',
        message: `Error creating job: ${messageOf(error)}`,
      });
      throw error;
    }
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const cronJob = cache.get(key);
    if (!cronJob || cronJob.metadata?.deletionTimestamp) return {};
    let plan: Plan;
    try {
      plan = compute(cronJob, jobCache.byIndex(byController, cronJob.metadata?.uid ?? ''), clock.now());
    } catch (error) {
      events.record(cronjobs, cronJob, { type: 'Warning', reason: 'UnparseableSchedule', message: messageOf(error) });
      return {};
    }
    await apply(cronJob, plan);
    return plan.requeueAfterMs === undefined ? {} : { requeueAfterMs: plan.requeueAfterMs };
  };

  const controller = new Controller(context, { name: 'cronjob', caches: [cache, jobCache], reconcile });
  const enqueue = (cronJob: V1CronJob) => controller.enqueue(objectKey(nameOf(cronJob)));
  cache.addHandler({ added: enqueue, updated: enqueue });
  const touch = (job: V1Job) => {
    const reference = controllerOf(job);
    if (!reference || !refersTo(cronjobs, reference)) return;
    controller.enqueue(objectKey({ namespace: job.metadata?.namespace, name: reference.name }));
  };
  jobCache.addHandler({ added: touch, updated: touch, deleted: touch });
  return controller;
}
