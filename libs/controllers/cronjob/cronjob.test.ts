import { type ControllerWorld, startControllers } from '../../../test/support/controller-world.ts';
import type { V1CronJob, V1CronJobSpec, V1Job } from '../../api/gen/types.ts';
import { cronjobs } from '../../api/kinds/cronjob.ts';
import { events } from '../../api/kinds/event.ts';
import { jobs } from '../../api/kinds/job.ts';
import { newCronJobController } from './reconcile.ts';

describe('the controller of CronJobs', () => {
  let world: ControllerWorld;
  beforeEach(() => {
    world = startControllers((context) => [newCronJobController(context)]);
  });
  afterEach(() => world.stop());

  const at = { namespace: 'default', name: 'tick' };
  const begin = async (spec: Partial<V1CronJobSpec> = {}) => {
    await world.client.create(cronjobs, {
      metadata: at,
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template: {} } }, ...spec },
    } as V1CronJob);
    await world.settle();
  };
  const active = async () => (await world.client.get(cronjobs, at)).status?.active ?? [];
  const jobNames = async () => (await world.client.list(jobs, {})).items.map(({ metadata }) => metadata?.name ?? '');
  const told = async (reason: string) =>
    (await world.client.list(events, {})).items
      .filter((event) => event.reason === reason)
      .map(({ message }) => message);
  const nextMinute = () => world.settle(12_000);
  const complete = async (name: string) => {
    const job = await world.client.get(jobs, { namespace: 'default', name });
    const status = { conditions: [{ type: 'Complete', status: 'True' }], completionTime: '2026-01-01T00:00:00Z' };
    await world.client.update(jobs, { ...job, status } as V1Job, { subresource: 'status' });
    await world.settle();
  };

  it('lists a job from the moment that it is made, and tells of its end', async () => {
    await begin();
    await nextMinute();
    const [name = ''] = await jobNames();
    const job = await world.client.get(jobs, { namespace: 'default', name });
    expect(await active()).toEqual([expect.objectContaining({ kind: 'Job', name, uid: job.metadata?.uid })]);
    await complete(name);
    expect(await active()).toEqual([]);
    expect(await told('SawCompletedJob')).toEqual([`Saw completed job: ${name}, condition: Complete`]);
    expect(await told('UnexpectedJob')).toEqual([]);
  });

  it('tells of a job that went missing, and lets the next one start', async () => {
    await begin({ concurrencyPolicy: 'Forbid' });
    await nextMinute();
    const [name = ''] = await jobNames();
    await nextMinute();
    expect(await told('JobAlreadyActive')).toHaveLength(1);
    await world.client.delete(jobs, { namespace: 'default', name });
    await world.settle();
    expect(await told('MissingJob')).toEqual([`Active job went missing: ${name}`]);
    const [next] = await jobNames();
    expect(next).not.toBe(name);
    expect((await active()).map((reference) => reference.name)).toEqual([next]);
  });

  it('lists a job of its own whose place in the list was never written, and lets it hold up the next', async () => {
    await begin({ concurrencyPolicy: 'Forbid' });
    await nextMinute();
    const [name = ''] = await jobNames();
    const cronJob = await world.client.get(cronjobs, at);
    await world.client.update(cronjobs, { ...cronJob, status: {} }, { subresource: 'status' });
    await world.settle();
    expect((await active()).map((reference) => reference.name)).toEqual([name]);
    await nextMinute();
    expect(await jobNames()).toEqual([name]);
    expect(await told('UnexpectedJob')).toEqual([]);
  });

  it('tells of a job that somebody else made, which holds nothing up', async () => {
    await begin({ concurrencyPolicy: 'Forbid' });
    const { metadata } = await world.client.get(cronjobs, at);
    const owner = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'tick', uid: metadata?.uid, controller: true };
    await world.client.create(jobs, {
      metadata: { namespace: 'default', name: 'by-hand', ownerReferences: [owner] },
    } as V1Job);
    await nextMinute();
    const message = 'Saw a job that the controller did not create or forgot: by-hand';
    expect(new Set(await told('UnexpectedJob'))).toEqual(new Set([message]));
    expect((await active()).map(({ name }) => name)).not.toContain('by-hand');
    expect(await jobNames()).toHaveLength(2);
  });
});
