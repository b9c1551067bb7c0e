import type { V1CronJob, V1CronJobSpec, V1Job } from '../../api/gen/types.ts';
import { outcomeOf, referenceTo } from './active.ts';
import { compute } from './compute.ts';
import { nextTime, parseSchedule, zonedTime } from './schedule.ts';

const at = (text: string) => Date.parse(text);

describe('the next time of a schedule', () => {
  it.each([
    ['*/5 * * * *', '2026-01-01T00:03:20Z', undefined, '2026-01-01T00:05:00Z'],
    ['0 0 * * *', '2026-01-01T00:00:00Z', undefined, '2026-01-02T00:00:00Z'],
    ['30 9 * * mon-fri', '2026-01-02T10:00:00Z', undefined, '2026-01-05T09:30:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', undefined, '2028-02-29T00:00:00Z'],
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', undefined, '2026-01-02T00:00:00Z'],
    ['0 12 1,15 jan,jul *', '2026-01-15T12:00:00Z', undefined, '2026-07-01T12:00:00Z'],
    ['@hourly', '2026-01-01T00:59:59Z', undefined, '2026-01-01T01:00:00Z'],
    ['0 9 * * *', '2026-01-01T00:00:00Z', 'America/New_York', '2026-01-01T14:00:00Z'],
    ['0 9 * * *', '2026-03-28T09:00:00Z', 'Europe/Berlin', '2026-03-29T07:00:00Z'],
    ['0 0 * * *', '2026-03-29T00:30:00Z', 'Europe/Berlin', '2026-03-29T22:00:00Z'],
  ])('%s after %s in %s', (schedule, after, zone, want) => {
    expect(new Date(nextTime(parseSchedule(schedule), at(after), zone) ?? 0).toISOString()).toBe(
      new Date(want).toISOString(),
    );
  });

  it('there is none for a day that never comes', () => {
    expect(nextTime(parseSchedule('0 0 30 2 *'), at('2026-01-01T00:00:00Z'))).toBeUndefined();
  });

  it.each(['* * * *', '60 * * * *', 'x * * * *', '*/0 * * * *'])('%s is refused', (text) => {
    expect(() => parseSchedule(text)).toThrow();
  });
});

describe('a time in a zone', () => {
  it.each([
    [undefined, '2026-01-01T14:00:00Z'],
    ['Etc/UTC', '2026-01-01T14:00:00Z'],
    ['America/New_York', '2026-01-01T09:00:00-05:00'],
    ['Asia/Kolkata', '2026-01-01T19:30:00+05:30'],
  ])('%s: %s', (zone, text) => {
    expect(zonedTime(at('2026-01-01T14:00:00Z'), zone)).toBe(text);
  });
});

const makeCronJob = (spec: Partial<V1CronJobSpec> = {}): V1CronJob => ({
  metadata: { name: 'nightly', namespace: 'default', uid: 'u', creationTimestamp: '2026-01-01T00:00:30Z' },
  spec: { schedule: '* * * * *', jobTemplate: { spec: { template: {} } }, ...spec },
});

const makeJob = (name: string, ended?: 'Complete' | 'Failed'): V1Job => ({
  metadata: { name, namespace: 'default', uid: name, creationTimestamp: `2026-01-01T00:00:0${name.length}Z` },
  ...(ended ? { status: { conditions: [{ type: ended, status: 'True' }] } } : {}),
});

describe('a CronJob', () => {
  const nowMs = at('2026-01-01T00:02:10Z');
  const run = (cronJob: V1CronJob, jobs: V1Job[] = []) => {
    const active = jobs.filter((job) => !outcomeOf(job)).map(referenceTo);
    const plan = compute(cronJob, jobs, { active, nowMs });
    return {
      create: plan.create?.metadata?.name,
      remove: plan.remove.map(({ name }) => name),
      wait: plan.requeueAfterMs,
    };
  };
  const minute = Math.floor(at('2026-01-01T00:02:00Z') / 60_000);

  it.each([
    {
      name: 'runs the last time that was missed',
      cronJob: makeCronJob(),
      jobs: [],
      create: `nightly-${minute}`,
      remove: [],
    },
    {
      name: 'Allow: runs beside another',
      cronJob: makeCronJob(),
      jobs: [makeJob('a')],
      create: `nightly-${minute}`,
      remove: [],
    },
    {
      name: 'Forbid: waits',
      cronJob: makeCronJob({ concurrencyPolicy: 'Forbid' }),
      jobs: [makeJob('a')],
      create: undefined,
      remove: [],
    },
    {
      name: 'Replace: takes its place',
      cronJob: makeCronJob({ concurrencyPolicy: 'Replace' }),
      jobs: [makeJob('a')],
      create: `nightly-${minute}`,
      remove: ['a'],
    },
    { name: 'suspended: rests', cronJob: makeCronJob({ suspend: true }), jobs: [], create: undefined, remove: [] },
    {
      name: 'too late: rests',
      cronJob: makeCronJob({ startingDeadlineSeconds: 5 }),
      jobs: [],
      create: undefined,
      remove: [],
    },
    {
      name: 'keeps its history short',
      cronJob: makeCronJob({ suspend: true, successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 }),
      jobs: [makeJob('a', 'Complete'), makeJob('bb', 'Complete'), makeJob('ccc', 'Failed'), makeJob('dddd')],
      create: undefined,
      remove: ['a', 'ccc'],
    },
  ])('$name', ({ cronJob, jobs, create, remove }) => {
    expect(run(cronJob, jobs)).toEqual({ create, remove, wait: 50_000 });
  });

  it('starts no job of a time again while it is listed', () => {
    const active = [{ name: `nightly-${minute}`, uid: 'u1' }];
    const plan = compute(makeCronJob({ concurrencyPolicy: 'Replace' }), [], { active, nowMs });
    expect(plan).toMatchObject({ remove: [], status: { active } });
    expect(plan.create).toBeUndefined();
  });

  it('finds the last time of an uneven schedule after a long pause', () => {
    const late = {
      ...makeCronJob({ schedule: '0,1 * * * *' }),
      status: { lastScheduleTime: '2021-01-01T00:00:00Z' },
    };
    const plan = compute(late, [], { active: [], nowMs: at('2026-01-01T00:40:00Z') });
    expect(plan.create?.metadata?.name).toBe(`nightly-${minute - 1}`);
  });

  it('looks back over a long pause without counting every minute', () => {
    const late = { ...makeCronJob(), status: { lastScheduleTime: '2021-01-01T00:00:00Z' } };
    const plan = compute(late, [], { active: [], nowMs });
    expect(plan.create?.metadata?.name).toBe(`nightly-${minute}`);
    expect(plan.news.map(({ reason }) => reason)).toEqual(['TooManyMissedTimes']);
  });
});
