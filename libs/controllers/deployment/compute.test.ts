import { makeDeployment, makeTemplate } from '../../../test/support/make-deployment.ts';
import type { V1Deployment, V1ReplicaSet } from '../../api/gen/types.ts';
import { compute, type Plan } from './compute.ts';
import { rolloutLimits } from './limits.ts';
import { sameTemplate, templateHash } from './template.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);

interface Set {
  image: string;
  size: number;
  available?: number;
  /** Pods that exist; its size when absent. */
  replicas?: number;
  revision?: number;
  desired?: number;
  most?: number;
  age?: number;
}

function makeSet(set: Set, deployment: V1Deployment): V1ReplicaSet {
  const { image, size, available = size, replicas = size, revision = 1, age = 0 } = set;
  const { desired = deployment.spec?.replicas ?? 1 } = set;
  const most = set.most ?? desired + rolloutLimits(deployment).maxSurge;
  return {
    metadata: {
      name: `web-${image}`,
      uid: `uid-${image}`,
      generation: 1,
      creationTimestamp: new Date(Date.UTC(2026, 0, 1) - age * 1000).toISOString(),
      annotations: {
        'deployment.kubernetes.io/revision': String(revision),
        'deployment.kubernetes.io/desired-replicas': String(desired),
        'deployment.kubernetes.io/max-replicas': String(most),
      },
    },
    spec: { replicas: size, selector: {}, template: makeTemplate('web', image) },
    status: { replicas, availableReplicas: available, readyReplicas: available, observedGeneration: 1 },
  };
}

const sizesOf = (plan: Plan) =>
  Object.fromEntries([
    ...(plan.create ? [['new', plan.create.spec?.replicas]] : []),
    ...plan.updates
      .filter(({ current, next }) => current.spec?.replicas !== next.spec?.replicas)
      .map(({ next }) => [next.spec?.template?.spec?.containers[0]?.image, next.spec?.replicas]),
  ]);

const rolling = (maxSurge: number | string, maxUnavailable: number | string) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
});

interface Case {
  name: string;
  spec: Parameters<typeof makeDeployment>[1];
  sets: Set[];
  oldPodsRunning?: boolean;
  sizes: Record<string, number>;
}

const cases: Case[] = [
  { name: 'the first ReplicaSet gets all replicas', spec: { replicas: 3 }, sets: [], sizes: { new: 3 } },
  { name: 'nothing to do', spec: { replicas: 3 }, sets: [{ image: 'busybox:1', size: 3 }], sizes: {} },
  {
    name: 'a new template starts with the surge alone',
    spec: { replicas: 10, ...rolling('25%', '25%') },
    sets: [{ image: 'old', size: 10 }],
    // Surge rounds up to 3, unavailable rounds down to 2.
    sizes: { new: 3, old: 8 },
  },
  {
    name: 'without surge the old ones shrink first',
    spec: { replicas: 4, ...rolling(0, 1) },
    sets: [{ image: 'old', size: 4 }],
    sizes: { new: 0, old: 3 },
  },
  {
    name: 'the new one grows before the old ones shrink',
    spec: { replicas: 4, ...rolling(1, 0) },
    sets: [
      { image: 'old', size: 3 },
      { image: 'busybox:1', size: 1, available: 1, revision: 2 },
    ],
    sizes: { 'busybox:1': 2 },
  },
  {
    name: 'old ones shrink as new ones become available',
    spec: { replicas: 4, ...rolling(1, 0) },
    sets: [
      { image: 'old', size: 3 },
      { image: 'busybox:1', size: 2, available: 2, revision: 2 },
    ],
    sizes: { old: 2 },
  },
  {
    name: 'no shrinking while the new ones are not available',
    spec: { replicas: 4, ...rolling(1, 0) },
    sets: [
      { image: 'old', size: 4 },
      { image: 'busybox:1', size: 1, available: 0, revision: 2 },
    ],
    sizes: {},
  },
  {
    name: 'unhealthy old pods go first',
    spec: { replicas: 4, ...rolling(1, 1) },
    sets: [
      { image: 'older', size: 2, available: 2, age: 20 },
      { image: 'old', size: 2, available: 0, age: 10, revision: 2 },
      { image: 'busybox:1', size: 1, available: 1, revision: 3 },
    ],
    sizes: { old: 0 },
  },
  {
    name: 'both bounds rounded to nothing still let one go',
    spec: { replicas: 1, ...rolling(0, '10%') },
    sets: [{ image: 'old', size: 1 }],
    sizes: { new: 0, old: 0 },
  },
  {
    name: 'scaling while settled',
    spec: { replicas: 5 },
    sets: [{ image: 'busybox:1', size: 3, desired: 3 }],
    sizes: { 'busybox:1': 5 },
  },
  {
    name: 'scaling up within a rollout keeps the proportions',
    spec: { replicas: 15, ...rolling(3, 2) },
    sets: [
      { image: 'old', size: 8, desired: 10, most: 13, age: 10 },
      { image: 'busybox:1', size: 5, desired: 10, most: 13, revision: 2 },
    ],
    sizes: { old: 11, 'busybox:1': 7 },
  },
  {
    name: 'scaling down to nothing',
    spec: { replicas: 0 },
    sets: [
      { image: 'old', size: 2, desired: 3, age: 10 },
      { image: 'busybox:1', size: 2, desired: 3, revision: 2 },
    ],
    sizes: { old: 0, 'busybox:1': 0 },
  },
  { name: 'a paused one makes no ReplicaSet', spec: { paused: true }, sets: [{ image: 'old', size: 3 }], sizes: {} },
  {
    name: 'a paused one is scaled all the same',
    spec: { paused: true, replicas: 4 },
    sets: [{ image: 'old', size: 3, desired: 3 }],
    sizes: { old: 4 },
  },
  {
    name: 'Recreate: the old ones go first',
    spec: { strategy: { type: 'Recreate' } },
    sets: [{ image: 'old', size: 3 }],
    oldPodsRunning: true,
    sizes: { old: 0 },
  },
  {
    name: 'Recreate: waits for the last old pod',
    spec: { strategy: { type: 'Recreate' } },
    sets: [{ image: 'old', size: 0 }],
    oldPodsRunning: true,
    sizes: {},
  },
  {
    name: 'Recreate: then the new ones come',
    spec: { strategy: { type: 'Recreate' } },
    sets: [{ image: 'old', size: 0 }],
    sizes: { new: 3 },
  },
];

describe('sizes of ReplicaSets', () => {
  it.each(cases)('$name', ({ spec, sets, oldPodsRunning = false, sizes }) => {
    const deployment = makeDeployment('web', spec);
    const replicaSets = sets.map((set) => makeSet(set, deployment));
    expect(sizesOf(compute({ deployment, replicaSets, oldPodsRunning }, nowMs))).toEqual(sizes);
  });
});

describe('revisions', () => {
  it('a rollback raises the old ReplicaSet to the newest revision and keeps its past', () => {
    const deployment = makeDeployment('web');
    const sets = [
      makeSet({ image: 'busybox:1', size: 0, revision: 1 }, deployment),
      makeSet({ image: 'other', size: 3, revision: 2 }, deployment),
    ];
    const plan = compute({ deployment, replicaSets: sets, oldPodsRunning: false }, nowMs);
    expect(plan.revision).toBe('3');
    const back = plan.updates.find(({ current }) => current === sets[0]);
    expect(back?.next.metadata?.annotations).toMatchObject({
      'deployment.kubernetes.io/revision': '3',
      'deployment.kubernetes.io/revision-history': '1',
    });
  });

  it('counts beyond what a double holds', () => {
    const deployment = makeDeployment('web');
    const old = makeSet({ image: 'other', size: 1 }, deployment);
    old.metadata = { ...old.metadata, annotations: { 'deployment.kubernetes.io/revision': '3546343826724305832' } };
    const { create } = compute({ deployment, replicaSets: [old], oldPodsRunning: false }, nowMs);
    expect(create?.metadata?.annotations?.['deployment.kubernetes.io/revision']).toBe('3546343826724305833');
  });

  it('history beyond the limit goes, lowest revisions first, never one with pods', () => {
    const deployment = makeDeployment('web', { revisionHistoryLimit: 1 });
    deployment.status = { replicas: 3, updatedReplicas: 3, availableReplicas: 3, observedGeneration: 1 };
    const sets = [
      makeSet({ image: 'a', size: 0, revision: 1, replicas: 1 }, deployment),
      makeSet({ image: 'b', size: 0, revision: 2 }, deployment),
      makeSet({ image: 'c', size: 0, revision: 3 }, deployment),
      makeSet({ image: 'busybox:1', size: 3, revision: 4 }, deployment),
    ];
    const plan = compute({ deployment, replicaSets: sets, oldPodsRunning: false }, nowMs);
    expect(plan.deletions.map((set) => set.metadata?.name)).toEqual(['web-b']);
  });
});

describe('conditions', () => {
  const conditionsOf = (plan: Plan) =>
    (plan.status.conditions ?? []).map(({ type, status, reason }) => `${type} ${status} ${reason}`).sort();
  const progressing = (reason: string, secondsAgo: number) => {
    const time = new Date(nowMs - secondsAgo * 1000).toISOString();
    return [{ type: 'Progressing', status: 'True', reason, lastUpdateTime: time, lastTransitionTime: time }];
  };

  it.each([
    {
      name: 'complete',
      available: 3,
      before: progressing('ReplicaSetUpdated', 5),
      want: 'Progressing True NewReplicaSetAvailable',
    },
    {
      name: 'still within the deadline',
      available: 2,
      before: progressing('ReplicaSetUpdated', 599),
      want: 'Progressing True ReplicaSetUpdated',
    },
    {
      name: 'past the deadline',
      available: 2,
      before: progressing('ReplicaSetUpdated', 601),
      want: 'Progressing False ProgressDeadlineExceeded',
    },
    {
      name: 'complete before, one pod lost since',
      available: 2,
      before: progressing('NewReplicaSetAvailable', 9999),
      want: 'Progressing True NewReplicaSetAvailable',
    },
  ])('$name', ({ available, before, want }) => {
    const deployment = makeDeployment('web');
    const counts = { replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 2 };
    deployment.status = { ...counts, observedGeneration: 1, conditions: before };
    const sets = [makeSet({ image: 'busybox:1', size: 3, available }, deployment)];
    sets[0]!.status!.readyReplicas = available;
    const plan = compute({ deployment, replicaSets: sets, oldPodsRunning: false }, nowMs);
    expect(conditionsOf(plan)).toContain(want);
  });

  it('pausing and resuming are told', () => {
    const deployment = makeDeployment('web', { paused: true });
    const plan = compute({ deployment, replicaSets: [], oldPodsRunning: false }, nowMs);
    expect(conditionsOf(plan)).toContain('Progressing Unknown DeploymentPaused');
    const resumed = makeDeployment('web');
    resumed.status = plan.status;
    const after = compute(
      { deployment: resumed, replicaSets: [makeSet({ image: 'busybox:1', size: 3 }, resumed)], oldPodsRunning: false },
      nowMs,
    );
    expect(conditionsOf(after).join()).toMatch(
      /Progressing True NewReplicaSetAvailable|Progressing Unknown DeploymentResumed/,
    );
  });

  it('a failing ReplicaSet is told', () => {
    const deployment = makeDeployment('web');
    const set = makeSet({ image: 'busybox:1', size: 3, replicas: 0, available: 0 }, deployment);
    set.status!.conditions = [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'quota' }];
    const plan = compute({ deployment, replicaSets: [set], oldPodsRunning: false }, nowMs);
    expect(conditionsOf(plan)).toContain('ReplicaFailure True FailedCreate');
    expect(conditionsOf(plan)).toContain('Available False MinimumReplicasUnavailable');
  });
});

describe('templates', () => {
  it('are the same whatever the order of keys, empty lists and the hash label', () => {
    const one = { metadata: { labels: { a: '1', b: '2' } }, spec: { containers: [{ name: 'x', args: [] }] } };
    const other = {
      spec: { containers: [{ name: 'x' }] },
      metadata: { labels: { b: '2', a: '1', 'pod-template-hash': 'z' } },
    };
    expect(sameTemplate(one, other)).toBe(true);
    expect(templateHash(one, undefined)).toBe(templateHash(other, undefined));
    expect(templateHash(one, 1)).not.toBe(templateHash(one, undefined));
    expect(sameTemplate(one, makeTemplate('x'))).toBe(false);
  });
});
