import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { withSpec } from '../../../test/support/placement.ts';
import type { V1Pod, V1PodDisruptionBudget } from '../../api/gen/types.ts';
import { type DrainedPod, drain } from './drain.ts';
import { policyNames } from './policies.ts';
import { type Change, simulate } from './simulate.ts';
import { type Snapshot, World } from './world.ts';

const owner = (kind: string, uid = `uid-${kind}`) => ({
  apiVersion: 'apps/v1',
  kind,
  name: 'o',
  uid,
  controller: true,
});
const node = (name: string, cpu = '4') => makeNode(name).allocatable({ cpu }).build();
const web = (name: string, on: string, cpu = '1') =>
  makePod(name).labels({ app: 'web' }).owner(owner('ReplicaSet')).requests(cpu, '64Mi').ready().on(on).build();
const budget = (disruptionsAllowed: number): V1PodDisruptionBudget => ({
  metadata: { name: 'web', namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } } },
  status: { disruptionsAllowed, currentHealthy: 2, desiredHealthy: 2, expectedPods: 2 },
});
const snapshotOf = (more: Partial<Snapshot>): Snapshot => ({
  nodes: [],
  pods: [],
  namespaces: [],
  services: [],
  budgets: [],
  replicaSets: [],
  ...more,
});

describe('a drain', () => {
  const mirror = makePod('m').annotations({ 'kubernetes.io/config.mirror': 'x' }).on('n1').build();
  const withVolume = withSpec(web('v', 'n1'), { volumes: [{ name: 't', emptyDir: {} }] });
  it.each<{ name: string; pod: V1Pod; more?: Partial<Snapshot>; want: Omit<DrainedPod, 'pod'> }>([
    { name: 'a replica that has room elsewhere', pod: web('a', 'n1'), want: { fate: 'moves', to: 'n2' } },
    {
      name: 'a replica without room elsewhere',
      pod: web('a', 'n1', '3'),
      want: {
        fate: 'waits',
        reason:
          '0/2 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable. with 1 less cpu it would fit on n2',
      },
    },
    {
      name: 'a replica whose budget is spent',
      pod: web('a', 'n1'),
      more: { budgets: [budget(0)] },
      want: {
        fate: 'blocked',
        reason: 'budget default/web allows no disruption: it needs 2 healthy pods and has 2',
      },
    },
    {
      name: 'a daemon',
      pod: makePod('d').owner(owner('DaemonSet')).on('n1').build(),
      want: { fate: 'stays', reason: 'DaemonSet o would put it back' },
    },
    { name: 'a static pod', pod: mirror, want: { fate: 'stays', reason: 'the node itself runs it, from a file' } },
    {
      name: 'a pod of nobody',
      pod: makePod('p').on('n1').build(),
      want: { fate: 'goes', reason: 'nothing owns it: it would be gone for good', needs: 'force' },
    },
    {
      name: 'a pod that has ended',
      pod: makePod('p').phase('Failed').on('n1').build(),
      want: { fate: 'goes', reason: 'it has ended' },
    },
    {
      name: 'a pod with data of its own',
      pod: withVolume,
      want: { fate: 'moves', to: 'n2', needs: 'delete-emptydir-data' },
    },
  ])('of $name', ({ pod, more, want }) => {
    const snapshot = snapshotOf({ nodes: [node('n1'), node('n2', '2')], pods: [pod], ...more });
    expect(drain(new World(snapshot), snapshot, 'n1').pods).toEqual([
      { pod: `default/${pod.metadata?.name}`, ...want },
    ]);
  });

  it('gets a budget back when the replacement runs, and not when it waits', () => {
    const pods = [web('a', 'n1'), web('b', 'n1'), web('c', 'n1')];
    const fatesWith = (cpu: string) => {
      const snapshot = snapshotOf({ nodes: [node('n1'), node('n2', cpu)], pods, budgets: [budget(1)] });
      return drain(new World(snapshot), snapshot, 'n1').pods.map(({ fate }) => fate);
    };
    expect(fatesWith('3')).toEqual(['moves', 'moves', 'moves']);
    expect(fatesWith('1')).toEqual(['moves', 'waits', 'blocked']);
  });
});

describe('a simulation', () => {
  const pods = [web('a', 'n1', '2'), web('b', 'n2', '2'), makePod('w').requests('3', '64Mi').build()];
  const snapshot = snapshotOf({ nodes: [node('n1'), node('n2')], pods });
  const run = (change: Change, more: Partial<Snapshot> = {}) => simulate({ ...snapshot, ...more }, change).simulation;

  it('compares a cluster with itself', () => {
    const { before, after, moves, waiting } = run({});
    expect(before).toMatchObject({ nodes: 2, nodesUsed: 2, placed: 2, waiting: 1, cpu: 0.5, fullest: 0.5 });
    expect(after).toMatchObject({ placed: 2, waiting: 1 });
    expect(moves.length).toBeLessThanOrEqual(2);
    expect(waiting).toMatchObject([{ pods: ['default/w'], remedy: expect.stringMatching(/1 less cpu/) }]);
  });

  it('places what waits on added nodes, of the size asked for', () => {
    expect(run({ addNodes: 1 }).after).toMatchObject({ nodes: 3, placed: 3, waiting: 0 });
    expect(run({ addNodes: 1, nodeCpus: '1' }).after).toMatchObject({ nodes: 3, placed: 2, waiting: 1 });
  });

  it('packs with most, and tells which nodes are left empty', () => {
    const spread = [web('a', 'n1', '1'), web('b', 'n2', '1')];
    const { before, after } = run({ policy: 'most' }, { pods: spread });
    expect([before.nodesUsed, after.nodesUsed]).toEqual([2, 1]);
    expect(after.spread).toBeGreaterThan(before.spread);
  });

  it('takes daemons along to added nodes and leaves those of removed ones', () => {
    const daemon = (name: string, on: string) =>
      makePod(name).owner(owner('DaemonSet')).requests('1', '64Mi').on(on).build();
    const daemons = [daemon('d1', 'n1'), daemon('d2', 'n2')];
    const { after, nodes } = run({ addNodes: 1, removeNodes: ['n2'] }, { pods: daemons });
    expect(after).toMatchObject({ nodes: 2, nodesUsed: 0, placed: 2 });
    expect(nodes.map((each) => [each.node, each.before?.pods, each.after?.pods])).toEqual([
      ['n1', 1, 1],
      ['n2', 1, undefined],
      ['new-1', undefined, 1],
    ]);
  });

  it.each(policyNames.map((name) => [name]))('knows the policy %s', (policy) => {
    expect(run({ policy }).after.placed).toBeGreaterThanOrEqual(2);
  });
  it.each<[Change]>([[{ policy: 'best' }], [{ removeNodes: ['x'] }], [{ addNodes: 1, like: 'x' }]])(
    'refuses %j',
    (change) => expect(() => run(change)).toThrow(/there is no/),
  );
});
