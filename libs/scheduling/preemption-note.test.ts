import { makeNode } from '../../test/support/make-node.ts';
import { clusterOf, withSpec } from '../../test/support/placement.ts';
import { on, podOf } from '../../test/support/priorities.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { SchedulerCore } from './scheduler-core.ts';

const n1 = makeNode('n1').build();
const selector = { matchLabels: { app: 'a' } };

describe('what preemption could not do', () => {
  const small = makeNode('s1').allocatable({ cpu: '1', memory: '8Gi' }).build();
  const anti = (topologyKey: string) => ({
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selector, topologyKey }],
      },
    },
  });
  const near = (topologyKey: string) => ({
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { app: 'nobody' } }, topologyKey },
        ],
      },
    },
  });
  it.each([
    [
      'a node that is too small as a whole',
      [small],
      [],
      podOf('x', 5, '2'),
      '1 Preemption is not helpful for scheduling',
    ],
    [
      'none of less priority is there',
      [n1],
      [on('n1', podOf('a', 5, '4'))],
      podOf('x', 5, '1'),
      '1 No preemption victims found for incoming pod',
    ],
    [
      'those of less priority have too little',
      [n1],
      [on('n1', podOf('a', 5, '3')), on('n1', podOf('b', 1, '1'))],
      podOf('x', 5, '2'),
      '1 Insufficient cpu',
    ],
    [
      'somebody of more priority elsewhere keeps it away',
      [makeNode('n1').zone('a').build(), makeNode('n2').zone('a').build()],
      [on('n1', podOf('a', 9, '1')), on('n2', podOf('b', 1, '1'))],
      podOf('x', 5, '1', anti('topology.kubernetes.io/zone')),
      "1 No preemption victims found for incoming pod, 1 node(s) didn't match pod anti-affinity rules",
    ],
    [
      'no pod that it wants near is there',
      [n1],
      [on('n1', podOf('b', 1, '1'))],
      podOf('x', 5, '1', near('kubernetes.io/hostname')),
      '1 Preemption is not helpful for scheduling',
    ],
    [
      'what holds with all pods there, not what was tried in thought',
      [makeNode('n1').zone('a').build(), makeNode('n2').zone('b').build(), makeNode('n3').zone('a').build()],
      [on('n3', podOf('x1', 1, '4')), on('n2', podOf('x2', 9, '1'))],
      podOf('x', 5, '1', {
        ...near('topology.kubernetes.io/zone'),
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'topology.kubernetes.io/zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'x' } },
          },
        ],
      }),
      "1 node(s) didn't match pod affinity rules, 2 Preemption is not helpful for scheduling",
    ],
  ])('is told: %s', (_name, nodes, running, newcomer, told) => {
    const cluster = clusterOf(nodes, running);
    const core = new SchedulerCore(cluster);
    const info = cluster.read(newcomer);
    expect(core.decide(info).kind).toBe('unschedulable');
    expect(core.preempt(info)).toBeUndefined();
    expect(core.preemptionNote(info)).toBe(`preemption: 0/${nodes.length} nodes are available: ${told}.`);
  });

  it.each([
    ['resources: no pod is moved', 100, {}, '100 Insufficient cpu'],
    [
      'anything else among many nodes: only that there are no victims',
      17,
      { ports: 80 },
      '17 No preemption victims found for incoming pod',
    ],
    [
      'anything else among few nodes: what is in the way',
      16,
      { ports: 80 },
      "16 node(s) didn't have free ports for the requested pod ports",
    ],
  ])('is found out with little work where it depends on %s', (_name, count, { ports }: { ports?: number }, told) => {
    const names = Array.from({ length: count }, (_, at) => `n${at}`);
    const withPort = (each: V1Pod) =>
      ports === undefined
        ? each
        : withSpec(each, {
            containers: [{ ...each.spec!.containers[0]!, ports: [{ containerPort: ports, hostPort: ports }] }],
          });
    const running = names.flatMap((name) => [
      on(name, withPort(podOf(`a-${name}`, 9, '3'))),
      on(name, podOf(`b-${name}`, 1, '1')),
    ]);
    const cluster = clusterOf(
      names.map((name) => makeNode(name).build()),
      running,
    );
    const core = new SchedulerCore(cluster);
    const info = cluster.read(withPort(podOf('x', 5, ports === undefined ? '2' : '1')));
    expect(core.decide(info).kind).toBe('unschedulable');
    const { sequence } = cluster.table;
    expect(core.preemptionNote(info)).toBe(`preemption: 0/${count} nodes are available: ${told}.`);
    if (count !== 16) expect(cluster.table.sequence).toBe(sequence);
  });
});
