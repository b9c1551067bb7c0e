import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Job, V1JobSpec, V1JobStatus, V1Pod } from '../../api/gen/types.ts';
import { compute } from './compute.ts';
import { parseIndexes, writeIndexes } from './indexes.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);

const makeJob = (spec: Partial<V1JobSpec> = {}, status: V1JobStatus = {}): V1Job => ({
  metadata: { name: 'job', uid: 'u' },
  spec: { completions: 3, parallelism: 2, backoffLimit: 2, template: {}, ...spec },
  status: { startTime: '2026-01-01T00:59:00Z', ...status },
});
const running = (name: string) => makePod(name).on('n1').phase('Running').build();
const done = (name: string) => makePod(name).phase('Succeeded').build();

function failed(name: string, exitCode = 1, secondsAgo = 3600): V1Pod {
  const pod = makePod(name).phase('Failed').build();
  const finishedAt = new Date(nowMs - secondsAgo * 1000).toISOString();
  const status = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0 };
  pod.status = { ...pod.status, containerStatuses: [{ ...status, state: { terminated: { exitCode, finishedAt } } }] };
  return pod;
}
const indexed = (index: number, pod: V1Pod): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } },
});

describe('pods of a job', () => {
  it.each([
    { name: 'as many at once as allowed', job: makeJob(), pods: [], create: 2, remove: 0 },
    { name: 'no more than are left', job: makeJob(), pods: [done('a'), done('b')], create: 1, remove: 0 },
    { name: 'a failed one is replaced', job: makeJob(), pods: [failed('a'), running('b')], create: 1, remove: 0 },
    { name: 'but not at once', job: makeJob(), pods: [failed('a', 1, 3), running('b')], create: 0, remove: 0 },
    {
      name: 'less parallel than before',
      job: makeJob({ parallelism: 1 }),
      pods: [running('a'), running('b')],
      create: 0,
      remove: 1,
    },
    {
      name: 'any one success ends a work queue',
      job: makeJob({ completions: undefined }),
      pods: [done('a'), running('b')],
      create: 0,
      remove: 0,
    },
    { name: 'suspended ones have none', job: makeJob({ suspend: true }), pods: [running('a')], create: 0, remove: 1 },
    {
      name: 'too many failures end it',
      job: makeJob(),
      pods: [failed('a'), failed('b'), failed('c'), running('d')],
      create: 0,
      remove: 1,
    },
    {
      name: 'its time is over',
      job: makeJob({ activeDeadlineSeconds: 30 }),
      pods: [running('a')],
      create: 0,
      remove: 1,
    },
  ])('$name', ({ job, pods, create, remove }) => {
    const plan = compute(job, pods, nowMs);
    expect([plan.create.length, plan.remove.length]).toEqual([create, remove]);
  });

  it('of an Indexed job have the lowest free indexes', () => {
    const job = makeJob({ completionMode: 'Indexed', completions: 5, parallelism: 3 });
    const plan = compute(job, [indexed(0, done('a')), indexed(2, running('b'))], nowMs);
    expect(plan.create).toEqual([1, 3]);
    expect(plan.status.completedIndexes).toBe('0');
  });
});

describe('the end of a job', () => {
  const endOf = (job: V1Job, pods: V1Pod[]) =>
    compute(job, pods, nowMs)
      .status.conditions?.filter(({ status }) => status === 'True')
      .map(({ type, reason }) => `${type} ${reason}`);
  const rules = [
    { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } },
    { action: 'Ignore', onExitCodes: { operator: 'In', values: [7] } },
  ];
  it.each([
    {
      name: 'all succeeded',
      job: makeJob(),
      pods: ['a', 'b', 'c'].map(done),
      want: ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'],
    },
    {
      name: 'counted before, gone since',
      job: makeJob({}, { succeeded: 2 }),
      pods: [done('c')].concat(done('d'), done('e')),
      want: ['SuccessCriteriaMet CompletionsReached', 'Complete CompletionsReached'],
    },
    {
      name: 'too many failures',
      job: makeJob(),
      pods: ['a', 'b', 'c'].map((name) => failed(name)),
      want: ['FailureTarget BackoffLimitExceeded', 'Failed BackoffLimitExceeded'],
    },
    {
      name: 'waits for those that still run',
      job: makeJob({ activeDeadlineSeconds: 30 }),
      pods: [running('a')],
      want: ['FailureTarget DeadlineExceeded'],
    },
    {
      name: 'a policy fails it at once',
      job: makeJob({ podFailurePolicy: { rules } }),
      pods: [failed('a', 42)],
      want: ['FailureTarget PodFailurePolicy', 'Failed PodFailurePolicy'],
    },
    {
      name: 'a policy ignores failures',
      job: makeJob({ podFailurePolicy: { rules } }),
      pods: ['a', 'b', 'c', 'd'].map((name) => failed(name, 7)),
      want: undefined,
    },
  ])('$name', ({ job, pods, want }) => {
    expect(endOf(job, pods)).toEqual(want);
  });
});

describe('a success policy', () => {
  it.each([
    { rule: { succeededIndexes: '0' }, done: [0], met: true },
    { rule: { succeededIndexes: '0,2' }, done: [0, 1], met: false },
    { rule: { succeededIndexes: '0-2', succeededCount: 2 }, done: [0, 2], met: true },
    { rule: { succeededCount: 2 }, done: [4], met: false },
  ])('$rule with $done', ({ rule, done: indexes, met }) => {
    const spec = { completionMode: 'Indexed', completions: 5, parallelism: 5, successPolicy: { rules: [rule] } };
    const pods = [...indexes.map((index) => indexed(index, done(`p${index}`))), indexed(3, running('r'))];
    const plan = compute(makeJob(spec), pods, nowMs);
    expect(plan.status.conditions?.map(({ type, reason }) => `${type} ${reason}`) ?? []).toEqual(
      met ? ['SuccessCriteriaMet SuccessPolicy'] : [],
    );
    expect(plan.remove.length).toBe(met ? 1 : 0);
  });
});

describe('lists of indexes', () => {
  it.each([
    ['', []],
    ['0', [0]],
    ['0,2-4,7', [0, 2, 3, 4, 7]],
    ['1,2', [1, 2]],
  ])('%s', (text, numbers) => {
    expect([...parseIndexes(text)]).toEqual(numbers);
    expect(writeIndexes(numbers)).toBe(text);
  });
});
