import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Job, V1JobSpec, V1JobStatus, V1Pod } from '../../api/gen/types.ts';
import { compute } from './compute.ts';
import { failuresAnnotation, indexAnnotation, parseIndexes, writeIndexes } from './indexes.ts';
import { podOf } from './pod.ts';
import { isFinished, trackingFinalizer } from './tracking.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);

const makeJob = (spec: Partial<V1JobSpec> = {}, status: V1JobStatus = {}): V1Job => ({
  metadata: { name: 'job', uid: 'u' },
  spec: { completions: 3, parallelism: 2, backoffLimit: 2, template: {}, ...spec },
  status: { startTime: '2026-01-01T00:59:00Z', ...status },
});
const tracked = (pod: V1Pod): V1Pod => ({ ...pod, metadata: { ...pod.metadata, finalizers: [trackingFinalizer] } });
const running = (name: string) => tracked(makePod(name).on('n1').phase('Running').build());
const done = (name: string) => tracked(makePod(name).phase('Succeeded').build());

function failed(name: string, exitCode = 1, secondsAgo = 3600): V1Pod {
  const pod = tracked(makePod(name).phase('Failed').build());
  const finishedAt = new Date(nowMs - secondsAgo * 1000).toISOString();
  const status = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0 };
  pod.status = { ...pod.status, containerStatuses: [{ ...status, state: { terminated: { exitCode, finishedAt } } }] };
  return pod;
}
const indexed = (index: number, pod: V1Pod, more: Record<string, string> = {}): V1Pod => ({
  ...pod,
  metadata: { ...pod.metadata, annotations: { [indexAnnotation]: String(index), ...more } },
});

/** The plans one after another, each carried out: pods that are removed stop at once, and creations are refused. */
function carryOut(job: V1Job, pods: readonly V1Pod[], rounds = 5) {
  let [current, left] = [job, [...pods]];
  for (let round = 0; round < rounds && !isFinished(current); round++) {
    const plan = compute(current, left, nowMs);
    const gone = new Set([...plan.remove, ...plan.discard]);
    const free = new Set(plan.release);
    const released = (pod: V1Pod): V1Pod =>
      free.has(pod) ? { ...pod, metadata: { ...pod.metadata, finalizers: undefined } } : pod;
    left = left.filter((pod) => !gone.has(pod)).map(released);
    current = { ...current, status: plan.status };
  }
  return current;
}

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
    expect([plan.create.length, plan.remove.length + plan.discard.length]).toEqual([create, remove]);
  });

  it('of an Indexed job have the lowest free indexes', () => {
    const job = makeJob({ completionMode: 'Indexed', completions: 5, parallelism: 3 });
    const plan = compute(job, [indexed(0, done('a')), indexed(2, running('b'))], nowMs);
    expect(plan.create.map(({ index }) => index)).toEqual([1, 3]);
    expect(plan.status.completedIndexes).toBe('0');
  });
});

describe('the end of a job', () => {
  const endOf = (job: V1Job, pods: V1Pod[]) =>
    carryOut(job, pods)
      .status?.conditions?.filter(({ status }) => status === 'True')
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
      name: 'its time is over',
      job: makeJob({ activeDeadlineSeconds: 30 }),
      pods: [running('a')],
      want: ['FailureTarget DeadlineExceeded', 'Failed DeadlineExceeded'],
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

describe('the count of pods', () => {
  it('notes an end before it lets go, and counts it after', () => {
    const pods = [done('a'), failed('b'), running('c')];
    const first = compute(makeJob(), pods, nowMs);
    expect(first.release.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b']);
    expect(first.status).toMatchObject({ uncountedTerminatedPods: { succeeded: ['uid-a'], failed: ['uid-b'] } });
    expect(first.status.succeeded).toBeUndefined();
    const again = compute({ ...makeJob(), status: first.status }, pods, nowMs);
    expect(again.status.uncountedTerminatedPods).toEqual(first.status.uncountedTerminatedPods);
    const after = compute({ ...makeJob(), status: first.status }, pods.slice(2), nowMs);
    expect(after.status).toMatchObject({ succeeded: 1, failed: 1, uncountedTerminatedPods: {} });
  });

  it('forgets nothing of pods that are gone', () => {
    const job = makeJob({ backoffLimit: 2 }, { failed: 2 });
    const { status } = carryOut(job, [failed('c')]);
    expect(status).toMatchObject({ failed: 3, conditions: [{ reason: 'BackoffLimitExceeded' }, { type: 'Failed' }] });
  });

  const leaving = { ...running('a') };
  leaving.metadata = { ...leaving.metadata, deletionTimestamp: '2026-01-01T00:59:59Z' };
  it.each([
    { policy: undefined, failures: 1, create: 1 },
    { policy: 'TerminatingOrFailed', failures: 1, create: 1 },
    { policy: 'Failed', failures: undefined, create: 0 },
  ])('of those told to go, by the policy $policy', ({ policy, failures, create }) => {
    const job = makeJob({ parallelism: 1, podReplacementPolicy: policy });
    const later = nowMs + 60_000;
    const plan = compute(job, [leaving], later);
    expect(plan.create).toHaveLength(create);
    expect(plan.status.uncountedTerminatedPods?.failed?.length).toBe(failures);
    expect(plan.status.terminating).toBe(1);
  });
});

describe('indexes with failures of their own', () => {
  const spec = { completionMode: 'Indexed', completions: 3, parallelism: 3, backoffLimitPerIndex: 1, backoffLimit: 99 };
  const job = makeJob(spec);

  it('are tried again, and the next pod carries their failures on', () => {
    const pods = [indexed(0, failed('a')), indexed(1, done('b')), indexed(2, running('c'))];
    const plan = compute(job, pods, nowMs);
    expect(plan.create).toEqual([{ index: 0, failures: { counted: 1, ignored: 0 } }]);
    expect(plan.release.map(({ metadata }) => metadata?.name)).toEqual(['b']);
    expect(podOf(job, plan.create[0]!).metadata?.annotations).toMatchObject({
      [indexAnnotation]: '0',
      [failuresAnnotation]: '1',
    });
    const successor = indexed(0, running('d'), { [failuresAnnotation]: '1' });
    expect(compute(job, [...pods, successor], nowMs).release.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b']);
  });

  it('wait each by itself', () => {
    const plan = compute(job, [indexed(0, failed('a', 1, 3)), indexed(1, failed('b'))], nowMs);
    expect(plan.create.map(({ index }) => index)).toEqual([1, 2]);
    expect(plan.requeueAfterMs).toBe(7_000);
  });

  it.each([
    { name: 'all are over', more: {}, reason: 'FailedIndexes', over: [1, 2] },
    { name: 'too many failed', more: { maxFailedIndexes: 0 }, reason: 'MaxFailedIndexesExceeded', over: [] },
  ])('fail the job when $name', ({ more, reason, over }) => {
    const last = indexed(0, failed('a'), { [failuresAnnotation]: '1' });
    const pods = [last, ...over.map((index) => indexed(index, done(`d${index}`)))];
    const { status } = carryOut(makeJob({ ...spec, ...more }), pods);
    expect(status).toMatchObject({
      failedIndexes: '0',
      failed: 1,
      conditions: [{ reason }, { type: 'Failed', reason }],
    });
  });

  it('fail at once by a policy', () => {
    const rules = [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }];
    const plan = compute(makeJob({ ...spec, podFailurePolicy: { rules } }), [indexed(1, failed('a', 42))], nowMs);
    expect(plan.status.failedIndexes).toBe('1');
    expect(plan.create.map(({ index }) => index)).toEqual([0, 2]);
  });
});

describe('a failure policy', () => {
  it('says which container failed the job', () => {
    const rules = [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } }];
    const { status } = compute(makeJob({ podFailurePolicy: { rules } }), [failed('a', 42)], nowMs);
    const message = 'Container main for pod default/a failed with exit code 42 matching FailJob rule at index 0';
    expect(status.conditions).toMatchObject([{ type: 'FailureTarget', reason: 'PodFailurePolicy', message }]);
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
