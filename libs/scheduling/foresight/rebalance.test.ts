import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { withSpec } from '../../../test/support/placement.ts';
import { PlacementChecker } from '../../../test/support/placement-checker.ts';
import type { V1Node, V1Pod, V1PodDisruptionBudget, V1PodSpec, V1ReplicaSet } from '../../api/gen/types.ts';
import { preferring } from '../../api/kinds/pod/relocation.ts';
import { type Random, seededRandom } from '../../base/random.ts';
import { type Goal, type Rebalance, rebalance } from './rebalance.ts';
import { type Snapshot, World } from './world.ts';

const node = (name: string, cpu = '4') => makeNode(name).allocatable({ cpu }).build();
const setOf = (name: string, more: Partial<V1ReplicaSet> = {}): V1ReplicaSet => ({
  metadata: { name, namespace: 'default', uid: `uid-${name}`, ...more.metadata },
  spec: { replicas: 3, selector: { matchLabels: { app: name } }, ...more.spec },
});
const ownedBy = (name: string) => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name,
  uid: `uid-${name}`,
  controller: true,
});
const pod = (name: string, on: string, cpu = '1', app = 'web') =>
  makePod(name).labels({ app }).owner(ownedBy(app)).requests(cpu, '64Mi').ready().on(on).build();
const budget = (app: string, disruptionsAllowed: number): V1PodDisruptionBudget => ({
  metadata: { name: app, namespace: 'default' },
  spec: { selector: { matchLabels: { app } } },
  status: { disruptionsAllowed, currentHealthy: 3, desiredHealthy: 3 - disruptionsAllowed, expectedPods: 3 },
});

function run(
  goal: Goal,
  more: Partial<Snapshot>,
  options: { maxMoves?: number; autoscaled?: string[] } = {},
): Rebalance {
  const snapshot = {
    nodes: [],
    pods: [],
    namespaces: [],
    services: [],
    budgets: [],
    replicaSets: [setOf('web'), setOf('other')],
    ...more,
  };
  const autoscaled = new Set(options.autoscaled);
  return rebalance(new World(snapshot), snapshot, { goal, maxMoves: options.maxMoves ?? 10, autoscaled });
}

describe('a rebalance', () => {
  const nodes = [node('n1'), node('n2'), node('n3')];
  const spread = [pod('a', 'n1', '2'), pod('b', 'n2', '1'), pod('c', 'n3', '1500m', 'other')];

  it('empties the emptiest node and says with numbers why', () => {
    expect(run('empty', { nodes, pods: spread })).toMatchObject({
      moves: [
        { pod: 'default/b', from: 'n2', to: 'n1', mover: { kind: 'ReplicaSet', name: 'web' } },
        { pod: 'default/c', from: 'n3' },
      ].slice(0, 1),
      emptied: ['n2'],
      before: { nodesUsed: 3 },
      after: { nodesUsed: 2 },
    });
    expect(run('empty', { nodes, pods: spread }).moves[0]!.why).toBe('empties n2, 25% full; n1 50% -> 75%');
  });

  it('evens out the load and says with numbers why', () => {
    const pods = [pod('a', 'n1'), pod('b', 'n1'), pod('c', 'n1')];
    const result = run('even', { nodes: [node('n1'), node('n2')], pods });
    expect(result.moves).toMatchObject([{ from: 'n1', to: 'n2', why: 'evens n1 75% -> 50% and n2 0% -> 25%' }]);
    expect(result.after.spread).toBeLessThan(result.before.spread);
  });

  it('makes no more moves than allowed, and none that gain little', () => {
    const pods = Array.from({ length: 4 }, (_, at) => pod(`p${at}`, 'n1'));
    expect(run('even', { nodes, pods }, { maxMoves: 1 }).moves).toHaveLength(1);
    const small = [pod('a', 'n1', '10m'), pod('b', 'n1', '10m')];
    expect(run('even', { nodes, pods: small }).moves).toEqual([]);
  });

  it.each<{ name: string; pod: V1Pod; more?: Partial<Snapshot>; autoscaled?: string[]; why: string }>([
    {
      name: 'a pod of nobody',
      pod: makePod('p').requests('1', '1Mi').ready().on('n2').build(),
      why: 'nothing owns it',
    },
    {
      name: 'a pod of a StatefulSet',
      pod: makePod('p')
        .owner({ ...ownedBy('db'), kind: 'StatefulSet' })
        .requests('1', '1Mi')
        .ready()
        .on('n2')
        .build(),
      why: 'pods of a StatefulSet cannot be started ahead',
    },
    {
      name: 'a pod that is not ready',
      pod: { ...pod('p', 'n2'), status: { phase: 'Running' } },
      why: 'it is not ready',
    },
    {
      name: 'a pod with local data',
      pod: withSpec(pod('p', 'n2'), { volumes: [{ name: 'v', emptyDir: {} }] }),
      why: 'it has data on its node (emptyDir)',
    },
    {
      name: 'a pod whose budget is spent',
      pod: pod('p', 'n2'),
      more: { budgets: [budget('web', 0)] },
      why: 'budget default/web allows no disruption: it needs 3 healthy pods and has 3',
    },
    {
      name: 'a pod whose owner is scaled by others',
      pod: pod('p', 'n2'),
      autoscaled: ['ReplicaSet/default/web'],
      why: 'an autoscaler gives it its size',
    },
  ])('leaves $name', ({ pod: one, more, autoscaled, why }) => {
    const pods = [pod('a', 'n1', '2', 'other'), one];
    const options = autoscaled === undefined ? {} : { autoscaled };
    const result = run('empty', { nodes: [node('n1'), node('n2')], pods, ...more }, options);
    expect(result.moves.filter(({ pod: name }) => name === 'default/p')).toEqual([]);
    expect(result.kept).toContainEqual({ what: 'n2', why: `default/p: ${why}` });
  });

  it('leaves a Deployment that is being rolled out', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd', uid: 'uid-d', controller: true };
    const sets = ['web', 'old'].map((name) =>
      setOf(name, { metadata: { name, uid: `uid-${name}`, ownerReferences: [owner] } }),
    );
    const pods = [pod('a', 'n1', '2', 'other'), pod('p', 'n2')];
    const result = run('empty', { nodes: [node('n1'), node('n2')], pods, replicaSets: [...sets, setOf('other')] });
    expect(result.kept).toContainEqual({ what: 'n2', why: 'default/p: Deployment d is being rolled out' });
  });
});

/** A small cluster that has grown and shrunk at random. */
function randomCluster(random: Random): {
  nodes: V1Node[];
  pods: V1Pod[];
  sets: V1ReplicaSet[];
  budgets: V1PodDisruptionBudget[];
} {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.next() * items.length)]!;
  const nodes = Array.from({ length: 4 + Math.floor(random.next() * 3) }, (_, at) => {
    const builder = makeNode(`n${at}`)
      .zone(pick(['a', 'b', 'c']))
      .allocatable({ cpu: pick(['2', '4']), memory: '4096Mi' });
    if (random.next() < 0.15) builder.cordoned();
    if (random.next() < 0.5) builder.labels({ disk: 'ssd' });
    return builder.build();
  });
  const sets: V1ReplicaSet[] = [];
  const budgets: V1PodDisruptionBudget[] = [];
  const wanted: V1Pod[] = [];
  for (let at = 0; at < 5; at++) {
    const app = `s${at}`;
    sets.push(setOf(app));
    if (random.next() < 0.4) budgets.push(budget(app, pick([0, 1])));
    const spec: Partial<V1PodSpec> = {};
    const labelSelector = { matchLabels: { app: pick([app, app, `s${Math.max(0, at - 1)}`]) } };
    const term = { labelSelector, topologyKey: pick(['kubernetes.io/hostname', 'topology.kubernetes.io/zone']) };
    const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
    const rule = pick(['podAntiAffinity', 'podAffinity', 'spread', 'none', 'none']);
    if (rule === 'spread')
      spec.topologySpreadConstraints = [{ ...term, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }];
    else if (rule !== 'none') spec.affinity = { [rule]: required };
    if (random.next() < 0.2) spec.nodeSelector = { disk: 'ssd' };
    const cpu = pick(['200m', '500m', '1']);
    for (let copy = 0; copy < 4; copy++) {
      const one = makePod(`${app}-${copy}`).labels({ app }).owner(ownedBy(app)).requests(cpu, '64Mi').ready().build();
      wanted.push(withSpec(one, spec));
    }
  }
  const world = new World({ nodes, pods: [], namespaces: [], services: [], budgets: [], replicaSets: sets });
  world.settle(wanted);
  const placed = wanted.flatMap((one) => {
    const nodeName = world.nodeOf(one);
    return nodeName === undefined || random.next() < 0.35 ? [] : [withSpec(one, { nodeName })];
  });
  return { nodes, pods: placed, sets, budgets };
}

describe('rebalances of random clusters', () => {
  let made = 0;
  const contentIn = (nodes: V1Node[], pods: V1Pod[]) =>
    pods.filter((one) => {
      const checker = new PlacementChecker(
        nodes,
        pods.filter((other) => other !== one),
      );
      const home = nodes.find(({ metadata }) => metadata?.name === one.spec?.nodeName)!;
      // A cordon is about new pods.
      return checker.violations(one, home).every((rule) => rule === 'cordon');
    });

  it.each(Array.from({ length: 60 }, (_, seed) => [seed]))('break no rule and no budget: seed %i', (seed) => {
    const { nodes, pods, sets, budgets } = randomCluster(seededRandom(seed));
    const snapshot = { nodes, pods, namespaces: [], services: [], budgets, replicaSets: sets };
    for (const goal of ['empty', 'even'] as const) {
      const result = rebalance(new World(snapshot), snapshot, { goal, maxMoves: 8 });
      expect(result.moves.length).toBeLessThanOrEqual(8);
      made += result.moves.length;
      let running = [...pods];
      for (const { pod: name, to, uid } of result.moves) {
        const old = running.find(({ metadata }) => metadata?.uid === uid)!;
        const target = nodes.find(({ metadata }) => metadata?.name === to)!;
        const replacement = withSpec(preferring(old, to), { nodeName: to });
        replacement.metadata = { ...old.metadata, uid: `${uid}/again` };
        const own = budgets.filter(({ metadata }) => metadata?.name === old.metadata?.labels?.app);
        expect({ name, own: own.map(({ status }) => status?.disruptionsAllowed) }).not.toMatchObject({ own: [0] });
        expect({ name, broken: new PlacementChecker(nodes, running).violations(replacement, target) }).toMatchObject({
          broken: [],
        });
        const before = contentIn(nodes, running).filter((one) => one !== old);
        running = [...running.filter((one) => one !== old), replacement];
        const after = contentIn(nodes, running);
        expect({
          name,
          unhappy: [...before, replacement].filter((one) => !after.includes(one)).map((one) => one.metadata?.name),
        }).toMatchObject({ unhappy: [] });
      }
      if (goal === 'even') expect(result.after.spread).toBeLessThanOrEqual(result.before.spread + 1e-9);
      else expect(result.before.nodesUsed - result.after.nodesUsed).toBe(result.emptied.length);
      for (const empty of result.emptied) expect(running.map(({ spec }) => spec?.nodeName)).not.toContain(empty);
    }
  });

  it('move pods at all', () => expect(made).toBeGreaterThan(50));
});
