import { makeDeployment } from '../../../test/support/make-deployment.ts';
import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { withSpec } from '../../../test/support/placement.ts';
import type { V1Node, V1Pod, V1ReplicaSet } from '../../api/gen/types.ts';
import type { ObjectPlan } from './draft.ts';
import { plan } from './plan.ts';
import { nodesOf, planWarnings } from './warnings.ts';
import { ownedPods, samplePod, type Workload } from './workload.ts';
import { type Snapshot, World } from './world.ts';

const emptySnapshot: Snapshot = { nodes: [], pods: [], namespaces: [], services: [], budgets: [], replicaSets: [] };
const node = (name: string, cpu = '4') => makeNode(name).allocatable({ cpu }).build();
const template = (cpu: string, more = {}) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'main', image: 'x', resources: { requests: { cpu } } }], ...more },
});
const deployment = (replicas: number, cpu: string, more = {}) =>
  makeDeployment('web', { replicas, template: template(cpu, more) }) as Workload;
const set: V1ReplicaSet = {
  metadata: {
    name: 'web-1',
    namespace: 'default',
    uid: 'uid-web-1',
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-web', controller: true }],
  },
};
const ownedBySet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'uid-web-1', controller: true };
const running = (name: string, on: string, cpu: string) =>
  makePod(name).labels({ app: 'web' }).owner(ownedBySet).requests(cpu, '64Mi').on(on).build();

function planned(nodes: V1Node[], pods: V1Pod[], object: Workload, previous?: Workload): ObjectPlan {
  const snapshot = { ...emptySnapshot, nodes, pods, replicaSets: [set] };
  const sample = samplePod(object, previous, ownedPods(object, snapshot));
  const item = { object, ...(previous && { previous }), ...(sample && { sample }) };
  return plan(new World(snapshot), [item], snapshot).objects[0]!;
}

describe('a plan', () => {
  const three = [node('n1'), node('n2'), node('n3')];

  it('says where the replicas of a new Deployment land', () => {
    const result = planned(three, [], deployment(3, '1'));
    expect(result).toMatchObject({ object: 'Deployment default/web', change: 'creates', waiting: [], evicted: [] });
    expect(nodesOf(result.placed)).toBe('1 on n1, 1 on n2, 1 on n3');
  });

  it('says what does not fit, and what would help', () => {
    const result = planned([node('n1'), node('n2', '1')], [], deployment(3, '3'));
    expect(nodesOf(result.placed)).toBe('1 on n1');
    expect(result.waiting).toEqual([
      {
        pods: ['default/web/2', 'default/web/3'],
        message: '0/2 nodes are available: 2 Insufficient cpu.',
        remedy: 'with 2 less cpu it would fit on n1',
      },
    ]);
  });

  it('says whom it would preempt and where those go', () => {
    const other = { ...ownedBySet, uid: 'uid-other' };
    const low = [
      makePod('a').owner(other).requests('3', '64Mi').on('n1').build(),
      makePod('alone').requests('3', '64Mi').on('n2').build(),
    ];
    const result = planned([node('n1'), node('n2'), node('n3', '3')], low, deployment(2, '4', { priority: 1000 }));
    expect(nodesOf(result.placed)).toBe('1 on n1, 1 on n2');
    expect(result.evicted.sort((one, other) => (one.pod < other.pod ? -1 : 1))).toEqual([
      { pod: 'default/a', priority: 0, from: 'n1', to: 'n3' },
      { pod: 'default/alone', priority: 0, from: 'n2' },
    ]);
    expect(planWarnings(result)).toEqual([
      '2 pods would run: 1 on n1, 1 on n2',
      'pod default/a (priority 0) on n1 would be preempted; its replacement would run on n3',
      'pod default/alone (priority 0) on n2 would be preempted; nothing would replace it',
    ]);
  });

  it.each<{ name: string; replicas: number; cpu: string; more?: object; want: object; warnings: string[] }>([
    { name: 'nothing new', replicas: 2, cpu: '3', want: { change: 'keeps', placed: [] }, warnings: [] },
    {
      name: 'more replicas',
      replicas: 3,
      cpu: '3',
      want: { change: 'grows', placed: [{ pod: 'default/web/1', node: 'n3' }] },
      warnings: ['1 more pod would run: 1 on n3'],
    },
    {
      name: 'fewer replicas',
      replicas: 1,
      cpu: '3',
      want: { change: 'shrinks', placed: [] },
      warnings: ['1 pod would go: 1 on n1'],
    },
    {
      name: 'a new template',
      replicas: 2,
      cpu: '2',
      want: { change: 'rolls' },
      warnings: ['2 new pods would run: 1 on n1, 1 on n3', '2 old pods would go: 1 on n1, 1 on n2'],
    },
    {
      name: 'a new template that fits nowhere',
      replicas: 2,
      cpu: '5',
      want: { change: 'rolls', placed: [], leaving: [] },
      warnings: [
        '1 pod would wait: 0/3 nodes are available: 3 Insufficient cpu. with 1 less cpu it would fit on n3',
        'the rollout would stop at 0 of 2 new replicas, with 2 old left',
      ],
    },
  ])('of a Deployment that runs, with $name, tells only the difference', ({ replicas, cpu, want, warnings }) => {
    const pods = [running('a', 'n1', '3'), running('b', 'n2', '3')];
    const result = planned(three, pods, deployment(replicas, cpu), deployment(2, '3'));
    expect(result).toMatchObject(want);
    expect(planWarnings(result)).toEqual(warnings);
  });

  it('lets a rollout use the room that old replicas leave', () => {
    const pods = [running('a', 'n1', '3'), running('b', 'n2', '3')];
    const object = deployment(2, '4');
    Object.assign((object.spec as { strategy: object }).strategy, {
      rollingUpdate: { maxSurge: 0, maxUnavailable: 1 },
    });
    const result = planned([node('n1'), node('n2')], pods, object, deployment(2, '3'));
    expect(nodesOf(result.placed)).toBe('1 on n1, 1 on n2');
    expect(result).toMatchObject({ waiting: [], notes: [] });
  });

  it('places daemons where they belong, and numbers in their order', () => {
    const nodes = [node('n1'), makeNode('n2').taint('k', 'v', 'NoSchedule').build(), node('n3', '100m')];
    const meta = { name: 'd', namespace: 'default' };
    const daemons = { kind: 'DaemonSet', metadata: meta, spec: { template: template('1') } };
    expect(planned(nodes, [], daemons)).toMatchObject({
      placed: [{ pod: 'default/d/n1', node: 'n1' }],
      waiting: [{ pods: ['default/d/n3'] }],
    });
    const stateful = { kind: 'StatefulSet', metadata: meta, spec: { replicas: 3, template: template('4') } };
    expect(planned([node('n1'), node('n2', '1')], [], stateful)).toMatchObject({
      placed: [{ pod: 'default/d-0', node: 'n1' }],
      waiting: [{ pods: ['default/d-1'] }],
      notes: ['1 more would wait for d-1'],
    });
  });

  it('rolls numbered pods from the last to the partition, and daemons in their place', () => {
    const meta = { name: 'd', namespace: 'default', uid: 'uid-d' };
    const ownedBy = (kind: string) => ({ apiVersion: 'apps/v1', kind, name: 'd', uid: 'uid-d', controller: true });
    const old = (name: string, on: string, kind: string) =>
      makePod(name).owner(ownedBy(kind)).requests('3', '1Mi').on(on).build();
    const stateful = (cpu: string, replicas = 3) => ({
      kind: 'StatefulSet',
      metadata: meta,
      spec: { replicas, template: template(cpu), updateStrategy: { rollingUpdate: { partition: 1 } } },
    });
    const numbered = [
      old('d-0', 'n1', 'StatefulSet'),
      old('d-1', 'n2', 'StatefulSet'),
      old('d-2', 'n3', 'StatefulSet'),
    ];
    expect(planned(three, numbered, stateful('4'), stateful('3'))).toMatchObject({
      change: 'rolls',
      placed: [
        { pod: 'default/d-2', node: 'n3' },
        { pod: 'default/d-1', node: 'n2' },
      ],
      leaving: [{ pod: 'default/d-2' }, { pod: 'default/d-1' }],
    });
    expect(planned(three, numbered, stateful('3', 1), stateful('3'))).toMatchObject({ change: 'shrinks', placed: [] });
    const daemons = (cpu: string) => ({ kind: 'DaemonSet', metadata: meta, spec: { template: template(cpu) } });
    const running = [old('d-x', 'n1', 'DaemonSet')];
    expect(planned([node('n1')], running, daemons('4'), daemons('3'))).toMatchObject({
      change: 'rolls',
      placed: [{ pod: 'default/d/n1', node: 'n1' }],
      waiting: [],
    });
    expect(planned([node('n1')], running, daemons('3'), daemons('3'))).toMatchObject({ change: 'keeps', placed: [] });
  });

  it('counts what a job starts at once, and a bare pod by its own name', () => {
    const meta = { name: 'j', namespace: 'default' };
    const job = { kind: 'Job', metadata: meta, spec: { parallelism: 3, completions: 2, template: template('1') } };
    expect(planned(three, [], job).placed).toHaveLength(2);
    const pod = withSpec(makePod('p').build(), { nodeSelector: { disk: 'ssd' } });
    expect(planned(three, [], pod as Workload).waiting[0]).toMatchObject({ pods: ['default/p'] });
  });
});

describe('pods that are not placed one by one', () => {
  const three = [node('n1'), node('n2'), node('n3')];
  const labels = { 'scheduling.berth.dev/pod-group': 'g', 'scheduling.berth.dev/min-member': '3' };
  const group = (replicas: number, cpu: string) => {
    const object = deployment(replicas, cpu) as { spec: { template: { metadata: object } } } & Workload;
    object.spec.template.metadata = { labels: { app: 'web', ...labels } };
    return planned(three, [], object);
  };
  it('wait all together when too few of a group fit', () => {
    expect(group(3, '3').placed).toHaveLength(3);
    expect(group(2, '3')).toMatchObject({
      placed: [],
      waiting: [{ message: 'group default/g needs places for 3 members at once and has them for 2' }],
    });
  });
  it.each([
    ['scheduling gates', { schedulingGates: [{ name: 'a/b' }] }, 'held back by scheduling gates: a/b'],
    ['another scheduler', { schedulerName: 'mine' }, 'left to scheduler "mine"'],
  ])('because of %s are said to wait', (_, more, message) => {
    expect(planned(three, [], deployment(1, '1', more))).toMatchObject({ placed: [], waiting: [{ message }] });
  });
});

describe('the warnings of a plan', () => {
  const empty: ObjectPlan = {
    object: 'Pod a/b',
    namespace: 'a',
    change: 'creates',
    placed: [],
    waiting: [],
    evicted: [],
    leaving: [],
    notes: [],
  };
  it('stay few, short and in ASCII', () => {
    const waiting = Array.from({ length: 40 }, (_, at) => ({ pods: ['a/b'], message: `${at} é ${'x'.repeat(999)}` }));
    const warnings = planWarnings({ ...empty, waiting });
    expect(warnings).toHaveLength(10);
    expect(warnings[9]).toBe('and 31 more findings; "berth plan" shows all');
    for (const warning of warnings) expect(warning).toMatch(/^[\x20-\x7e]{1,240}$/);
  });
  it('count nodes beyond the first', () => {
    const placed = Array.from({ length: 20 }, (_, at) => ({ pod: `a/${at}`, node: `n${at + 10}` }));
    expect(nodesOf(placed)).toMatch(/^1 on n10, .*, 1 on n17, 12 on 12 other nodes$/);
  });
  it('do not name pods of namespaces that the reader does not see', () => {
    const evicted = [
      { pod: 'a/x', priority: 0, from: 'n1' },
      { pod: 'secret/y', priority: 0, from: 'n1' },
    ];
    expect(planWarnings({ ...empty, evicted }, () => false)).toEqual([
      'pod a/x (priority 0) on n1 would be preempted; nothing would replace it',
      '1 more pod would be preempted',
    ]);
  });
});
