import { makeNode } from '../../test/support/make-node.ts';
import { clusterOf } from '../../test/support/placement.ts';
import { PlacementChecker } from '../../test/support/placement-checker.ts';
import { on, podOf } from '../../test/support/priorities.ts';
import type { V1Node, V1Pod } from '../api/gen/types.ts';
import { seededRandom } from '../base/random.ts';
import { SchedulerCore } from './scheduler-core.ts';

function preempt(
  nodes: V1Node[],
  running: V1Pod[],
  newcomer: V1Pod,
  prepare?: (core: ReturnType<typeof clusterOf>) => void,
) {
  const cluster = clusterOf(nodes, running);
  prepare?.(cluster);
  const before = JSON.stringify(cluster.table.requested.map((column) => [...column]));
  const core = new SchedulerCore(cluster);
  const info = cluster.read(newcomer);
  expect(core.decide(info).kind).toBe('unschedulable');
  const found = core.preempt(info);
  expect(JSON.stringify(cluster.table.requested.map((column) => [...column]))).toBe(before);
  return found && { node: found.nodeName, victims: found.victims.map((victim) => victim.info.name).sort() };
}

const since = (time: string, each: V1Pod): V1Pod => ({ ...each, status: { startTime: `2026-01-01T${time}Z` } });

const [n1, n2] = [makeNode('n1').build(), makeNode('n2').build()];
const selector = { matchLabels: { app: 'a' } };

describe('preemption', () => {
  it('does not count room that is kept for the pod itself against it', () => {
    const newcomer = podOf('x', 5, '2');
    const keep = (cluster: ReturnType<typeof clusterOf>) => cluster.nominate(cluster.read(newcomer), 'n1');
    const cluster = clusterOf([n1], [on('n1', podOf('a', 1, '2'))]);
    keep(cluster);
    expect(new SchedulerCore(cluster).preempt(cluster.read(newcomer))).toMatchObject({ nodeName: 'n1', victims: [] });
    const full = clusterOf([n1], [on('n1', podOf('a', 5, '4'))]);
    keep(full);
    const info = full.read(newcomer);
    expect(new SchedulerCore(full).preempt(info)).toBeUndefined();
    expect(full.nominationOf(info.uid)).toBeDefined();
  });

  it.each([
    [
      'takes the least important pods that suffice',
      [n1],
      [on('n1', podOf('a', 1, '1')), on('n1', podOf('b', 2, '1')), on('n1', podOf('c', 3, '2'))],
      podOf('x', 5, '2'),
      { node: 'n1', victims: ['a', 'b'] },
    ],
    [
      'lets back in who still has room',
      [n1],
      [on('n1', podOf('a', 1, '1')), on('n1', podOf('b', 2, '3'))],
      podOf('x', 5, '3'),
      { node: 'n1', victims: ['b'] },
    ],
    ['spares pods of the same priority', [n1], [on('n1', podOf('a', 5, '4'))], podOf('x', 5, '1'), undefined],
    [
      'prefers the node with the lower highest priority',
      [n1, n2],
      [on('n1', podOf('a', 3, '4')), on('n2', podOf('b', 2, '2')), on('n2', podOf('c', 1, '2'))],
      podOf('x', 5, '3'),
      { node: 'n2', victims: ['b', 'c'] },
    ],
    [
      'then, of equally many, the node whose victims matter less in sum',
      [n1, n2],
      [
        ...['a', 'b'].map((name) => on('n1', podOf(name, 3, '2'))),
        on('n2', podOf('c', 3, '2')),
        on('n2', podOf('d', 1, '2')),
      ],
      podOf('x', 5, '4'),
      { node: 'n2', victims: ['c', 'd'] },
    ],
    [
      'then the node whose most important victims started last',
      [n1, n2],
      [on('n1', since('10:00:00', podOf('a', 3, '4'))), on('n2', since('11:00:00', podOf('b', 3, '4')))],
      podOf('x', 5, '4'),
      { node: 'n2', victims: ['b'] },
    ],
    [
      'then the node with fewer victims',
      [n1, n2],
      [on('n1', podOf('a', 1, '2')), on('n1', podOf('b', 1, '2')), on('n2', podOf('c', 1, '4'))],
      podOf('x', 5, '4'),
      { node: 'n2', victims: ['c'] },
    ],
    [
      'never helps against what rests on the node',
      [makeNode('n1').taint('k', 'v', 'NoSchedule').build()],
      [on('n1', podOf('a', 1, '4'))],
      podOf('x', 5, '1'),
      undefined,
    ],
    [
      'is not for pods that renounce it',
      [n1],
      [on('n1', podOf('a', 1, '4'))],
      podOf('x', 5, '1', { preemptionPolicy: 'Never' }),
      undefined,
    ],
    [
      'removes a pod that it must not be beside',
      [n1],
      [on('n1', podOf('a', 1, '100m')), on('n1', podOf('b', 1, '100m'))],
      podOf('x', 5, '1', {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { labelSelector: selector, topologyKey: 'kubernetes.io/hostname' },
            ],
          },
        },
      }),
      { node: 'n1', victims: ['a'] },
    ],
  ] as Array<[string, V1Node[], V1Pod[], V1Pod, object | undefined]>)(
    '%s',
    (_name, nodes, running, newcomer, expected) => {
      expect(preempt(nodes, running, newcomer)).toEqual(expected);
    },
  );

  it('weighs the sum of priorities among very many nodes too', () => {
    const names = Array.from({ length: 150 }, (_, at) => `m${at}`);
    const running = names.flatMap((name, at) =>
      [3, at === 77 ? 1 : 3].map((priority, nth) => on(name, podOf(`${'ab'[nth]}${at}`, priority, '2'))),
    );
    const found = preempt(
      names.map((name) => makeNode(name).build()),
      running,
      podOf('x', 5, '4'),
    );
    expect(found).toEqual({ node: 'm77', victims: ['a77', 'b77'] });
  });

  it('breaks a disruption budget only when there is no other way', () => {
    const running = [on('n1', podOf('a', 1, '4')), on('n2', podOf('b', 2, '4'))];
    const protect = (cluster: ReturnType<typeof clusterOf>) =>
      cluster.setBudget('b', {
        namespace: 'default',
        selector: [{ key: 'app', operator: 'In', values: ['a'] }],
        disruptionsAllowed: 0,
      });
    expect(preempt([n1, n2], running, podOf('x', 5, '1'))).toEqual({ node: 'n1', victims: ['a'] });
    expect(preempt([n1, n2], running, podOf('x', 5, '1'), protect)).toEqual({ node: 'n2', victims: ['b'] });
    expect(preempt([n1], [running[0]!], podOf('x', 5, '1'), protect)).toEqual({ node: 'n1', victims: ['a'] });
  });

  it.each(Array.from({ length: 100 }, (_, seed) => [seed]))(
    'chooses a least costly set, by brute force: seed %i',
    (seed) => {
      const random = seededRandom(seed);
      const pick = <T>(items: readonly T[]) => items[Math.floor(random.next() * items.length)]!;
      const nodes = ['n1', 'n2', 'n3'].map((name) => makeNode(name).allocatable({ memory: '4096Mi' }).build());
      const running: V1Pod[] = [];
      for (let at = 0; at < 14; at++) {
        const candidate = podOf(`p${at}`, pick([1, 2, 3]), pick(['1', '2', '500m']));
        const node = pick(nodes);
        if (new PlacementChecker(nodes, running).violations(candidate, node).length === 0)
          running.push(on(node.metadata!.name!, candidate));
      }
      const newcomer = podOf('x', 3, pick(['3', '4']));
      const fits = (left: V1Pod[], node: V1Node) =>
        new PlacementChecker(nodes, left).violations(newcomer, node).length === 0;
      if (nodes.some((node) => fits(running, node))) return;
      const found = preempt(nodes, running, newcomer);
      const best = Math.min(...nodes.map((node) => leastHighest(node, running, fits)));
      if (best === Number.POSITIVE_INFINITY) {
        expect(found).toBeUndefined();
        return;
      }
      const victims = running.filter(({ metadata }) => found!.victims.includes(metadata!.name!));
      const node = nodes.find(({ metadata }) => metadata!.name === found!.node)!;
      const left = running.filter((each) => !victims.includes(each));
      expect(fits(left, node)).toBe(true);
      // Minimal: none of the victims could have stayed.
      for (const victim of victims) expect(fits([...left, victim], node)).toBe(false);
      expect(Math.max(...victims.map(({ spec }) => spec!.priority!))).toBe(best);
    },
  );
});

/** The lowest possible highest priority among victims on the node, by trying every set of them. */
function leastHighest(node: V1Node, running: readonly V1Pod[], fits: (left: V1Pod[], node: V1Node) => boolean): number {
  const candidates = running.filter(({ spec }) => spec?.nodeName === node.metadata?.name && spec!.priority! < 3);
  let best = Number.POSITIVE_INFINITY;
  for (let set = 1; set < 2 ** candidates.length; set++) {
    const victims = candidates.filter((_, at) => set & (1 << at));
    const highest = Math.max(...victims.map(({ spec }) => spec!.priority!));
    if (
      highest < best &&
      fits(
        running.filter((each) => !victims.includes(each)),
        node,
      )
    )
      best = highest;
  }
  return best;
}
