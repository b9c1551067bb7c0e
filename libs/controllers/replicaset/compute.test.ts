import { makePod } from '../../../test/support/make-pod.ts';
import type { V1Pod, V1ReplicaSet } from '../../api/gen/types.ts';
import { compute, computeStatus } from './compute.ts';
import { podsToDelete } from './ranking.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);
const cost = (value: string) => ({ 'controller.kubernetes.io/pod-deletion-cost': value });
const running = (name: string) => makePod(name).on('n1').ready();

const rankings: Array<{ name: string; pods: V1Pod[]; first: string }> = [
  { name: 'not placed before placed', pods: [running('a').build(), makePod('b').build()], first: 'b' },
  { name: 'pending before running', pods: [running('a').build(), makePod('b').on('n1').build()], first: 'b' },
  {
    name: 'not ready before ready',
    pods: [running('a').build(), makePod('b').on('n1').phase('Running').build()],
    first: 'b',
  },
  {
    name: 'cheap before dear',
    pods: [running('a').annotations(cost('5')).build(), running('b').annotations(cost('-1')).build()],
    first: 'b',
  },
  {
    name: 'two on one node before one alone',
    pods: [makePod('a').on('n2').ready().build(), running('b').build(), running('c').build()],
    first: 'b',
  },
  {
    name: 'ready for a short time before long',
    pods: [running('a').build(), makePod('b').on('n1').ready('2026-01-01T00:59:00Z').build()],
    first: 'b',
  },
  { name: 'many restarts before few', pods: [running('a').build(), running('b').restarts(3).build()], first: 'b' },
  {
    name: 'young before old',
    pods: [running('a').build(), running('b').created('2026-01-01T00:59:00Z').build()],
    first: 'b',
  },
  { name: 'else by uid', pods: [running('b').uid('2').build(), running('a').uid('1').build()], first: 'a' },
];

describe('which pod goes first', () => {
  it.each(rankings)('$name', ({ pods, first }) => {
    expect(podsToDelete(pods, pods, 1, nowMs).map((pod) => pod.metadata?.name)).toEqual([first]);
  });
});

const makeSet = (replicas: number, more: object = {}): V1ReplicaSet => ({
  metadata: { name: 'web', namespace: 'default', uid: 'u', generation: 2 },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, ...more },
});

describe('how many pods', () => {
  const three = ['a', 'b', 'c'].map((name) => running(name).build());
  it.each([
    { name: 'too few', set: makeSet(5), pods: three, creations: 2, deletions: 0 },
    { name: 'enough', set: makeSet(3), pods: three, creations: 0, deletions: 0 },
    { name: 'too many', set: makeSet(1), pods: three, creations: 0, deletions: 2 },
    {
      name: 'ended and leaving pods do not count',
      set: makeSet(3),
      pods: [...three.slice(1), makePod('d').phase('Failed').build(), running('e').deleting().build()],
      creations: 1,
      deletions: 0,
    },
    { name: 'a burst is bounded', set: makeSet(9000), pods: [], creations: 500, deletions: 0 },
    {
      name: 'nothing while being deleted',
      set: { ...makeSet(5), metadata: { deletionTimestamp: 'x' } },
      pods: three,
      creations: 0,
      deletions: 0,
    },
  ])('$name', ({ set, pods, creations, deletions }) => {
    const plan = compute({ replicaSet: set, pods, related: pods }, nowMs);
    expect([plan.creations, plan.deletions.length]).toEqual([creations, deletions]);
  });
});

describe('status', () => {
  it('counts ready, available and leaving pods and says when it will change', () => {
    const replicaSet = makeSet(3, { minReadySeconds: 60, template: { metadata: { labels: { app: 'web' } } } });
    const pods = [
      running('a').labels({ app: 'web' }).build(),
      makePod('b').ready('2026-01-01T00:59:30Z').labels({ app: 'web' }).build(),
      running('c').deleting().build(),
      makePod('d').labels({ app: 'other' }).build(),
    ];
    const { status, changesInMs } = computeStatus({ replicaSet, pods }, undefined, nowMs);
    expect(status).toEqual({
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 2,
    });
    expect(changesInMs).toBe(30_000);
  });

  it('tells a failure until it is over', () => {
    const failure = { reason: 'FailedCreate' as const, message: 'quota' };
    const { status } = computeStatus({ replicaSet: makeSet(1), pods: [] }, failure, nowMs);
    expect(status.conditions).toMatchObject([{ type: 'ReplicaFailure', status: 'True', ...failure }]);
    const after = computeStatus({ replicaSet: { ...makeSet(1), status }, pods: [] }, undefined, nowMs);
    expect(after.status.conditions).toBeUndefined();
  });
});
