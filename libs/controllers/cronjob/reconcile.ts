import type { V1CronJob, V1Job, V1ObjectReference } from '../../api/gen/types.ts';
import { cronjobs } from '../../api/kinds/cronjob.ts';
import { jobs } from '../../api/kinds/job.ts';
import { nameOf, objectKey } from '../../api/meta.ts';
import { isStatus } from '../../base/status.ts';
import type { Client } from '../../client/client.ts';
import { Controller, type ControllerContext, type ReconcileResult } from '../../reconcile/controller.ts';
import { byController, controllerOf, controllerUidOf, refersTo } from '../../reconcile/ownership.ts';
import { messageOf } from '../../reconcile/pod-control.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { same } from '../../reconcile/same.ts';
import {
  compareActive,
  isScheduled,
  missingNews,
  type News,
  outcomeOf,
  referenceTo,
  unexpectedNews,
} from './active.ts';
import { compute, type Plan } from './compute.ts';

/** A CronJob as it is, the listed jobs that run, and what is odd about the rest. */
interface Review {
  cronJob: V1CronJob;
  active: V1ObjectReference[];
  news: News[];
}

/** Compares what a CronJob lists with its jobs; where they differ the server is asked, as caches may lag behind. */
async function review(client: Client, cached: V1CronJob, jobsKnown: readonly V1Job[]): Promise<Review> {
  let cronJob = cached;
  let listing = compareActive(cronJob, jobsKnown);
  if (listing.unlisted.length > 0) {
    cronJob = (await unlessMissing(client.get(cronjobs, nameOf(cached)))) ?? cached;
    listing = compareActive(cronJob, jobsKnown);
  }
  const { active, news } = listing;
  for (const job of listing.unlisted) {
    if (isScheduled(job)) active.push(referenceTo(job));
    else news.push(unexpectedNews(job));
  }
  for (const reference of listing.lost) {
    const { name = '', namespace } = reference;
    if (await unlessMissing(client.get(jobs, { name, namespace }))) active.push(reference);
    else news.push(missingNews(reference));
  }
  return { cronJob, active, news };
}

/** Starts the Jobs of CronJobs at their times and keeps their history short. */
export function newCronJobController(context: ControllerContext): Controller {
  const { client, clock, informers } = context;
  const events = context.events.for('cronjob-controller');
  const cache = informers.of(cronjobs);
  const jobCache = informers.of(jobs).addIndex(byController, controllerUidOf);

  const apply = async (cronJob: V1CronJob, plan: Plan): Promise<void> => {
    for (const { name = '', namespace } of plan.remove) {
      await unlessMissing(client.delete(jobs, { name, namespace }, { propagationPolicy: 'Background' }));
      events.record(cronjobs, cronJob, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted job ${name}` });
    }
    const { status } = plan;
    if (plan.create) {
      const started = await startJob(cronJob, plan.create);
      if (started) status.active = [...(status.active ?? []), referenceTo(started)];
    }
    if (!same(cronJob.status ?? {}, status)) {
      await client.update(cronjobs, { ...cronJob, status }, { subresource: 'status' });
    }
    for (const news of plan.news) events.record(cronjobs, cronJob, news);
  };

  /** The job of a time, also one made before whose place in the list was not written; undefined when it is another's. */
  const startJob = async (cronJob: V1CronJob, job: V1Job): Promise<V1Job | undefined> => {
    try {
      const made = await client.create(jobs, job);
      const message = `Created job ${job.metadata?.name}`;
      events.record(cronjobs, cronJob, { type: 'Normal', reason: 'SuccessfulCreate', message });
      return made;
    } catch (error) {
      if (isStatus(error, 'AlreadyExists')) {
        const there = await unlessMissing(client.get(jobs, nameOf(job)));
        return there && controllerOf(there)?.uid === cronJob.metadata?.uid && !outcomeOf(there) ? there : undefined;
      }
      const message = `Error creating job: ${messageOf(error)}`;
      events.record(cronjobs, cronJob, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
  };

  const reconcile = async (key: string): Promise<ReconcileResult> => {
    const cached = cache.get(key);
    if (!cached || cached.metadata?.deletionTimestamp) return {};
    const owned = jobCache.byIndex(byController, cached.metadata?.uid ?? '');
    const { cronJob, active, news } = await review(client, cached, owned);
    let plan: Plan;
    try {
      plan = compute(cronJob, owned, { active, nowMs: clock.now() });
    } catch (error) {
      events.record(cronjobs, cronJob, { type: 'Warning', reason: 'UnparseableSchedule', message: messageOf(error) });
      return {};
    }
    await apply(cronJob, { ...plan, news: [...news, ...plan.news] });
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
