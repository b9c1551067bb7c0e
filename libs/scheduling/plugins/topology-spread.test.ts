import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { place, withSpec } from '../../../test/support/placement.ts';
import { placementTable, pod, running, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1Node, V1Pod } from '../../api/gen/types.ts';

const three = threeNodes;
const [n1, n2] = threeNodes as [V1Node, V1Node, V1Node];
const selector = { matchLabels: { app: 'web' } };
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

const spread = (topologyKey: string, more: object = {}) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector, ...more },
  ],
});

const leaving = (each: V1Pod): V1Pod => ({
  ...each,
  metadata: { ...each.metadata, deletionTimestamp: '2026-01-01T00:00:30Z' },
});

placementTable('topology spread', [
  {
    name: 'the fuller zone is closed',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod(spread(zone)),
    fits: ['n3'],
  },
  {
    name: 'a wider skew leaves it open',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod(spread(zone, { maxSkew: 2 })),
    fits: ['n1', 'n2', 'n3'],
  },
  {
    name: 'pods of other namespaces and labels do not count',
    nodes: three,
    running: [running('a', 'n1', { app: 'other' })],
    pod: pod(spread(zone)),
    fits: ['n1', 'n2', 'n3'],
  },
  {
    name: 'a pod that its own selector does not match may join',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod(spread(zone), { app: 'other' }),
    fits: ['n1', 'n2', 'n3'],
  },
  {
    name: 'by hostname',
    nodes: three,
    running: [running('a', 'n1'), running('b', 'n3')],
    pod: pod(spread(hostname)),
    fits: ['n2'],
  },
  {
    name: 'a node without the label is refused',
    nodes: [makeNode('bare').build()],
    pod: pod(spread(zone)),
    answer: "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).",
  },
  {
    name: 'too few domains count as one that is empty',
    nodes: [n1, n2],
    running: [running('a', 'n1')],
    pod: pod(spread(zone, { minDomains: 2 })),
    answer: "0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints.",
  },
  {
    name: 'nodes that the pod cannot use do not count',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod({ ...spread(zone), nodeSelector: { [zone]: 'a' } }),
    fits: ['n1', 'n2'],
  },
  {
    name: 'unless the constraint says so',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod({ ...spread(zone, { nodeAffinityPolicy: 'Ignore' }), nodeSelector: { [zone]: 'a' } }),
    fits: [],
  },
  {
    name: 'an empty selector counts the pod itself alone',
    nodes: [n1, n2],
    running: [running('a', 'n1'), running('b', 'n1')],
    pod: pod(spread(zone, { labelSelector: {}, minDomains: 2 })),
    fits: ['n1', 'n2'],
  },
  {
    name: 'pods on their way out do not count',
    nodes: three,
    running: [leaving(running('a', 'n1'))],
    pod: pod(spread(zone)),
    fits: ['n1', 'n2', 'n3'],
  },
  {
    name: 'ScheduleAnyway only prefers',
    nodes: three,
    running: [running('a', 'n3')],
    pod: pod(spread(zone, { whenUnsatisfiable: 'ScheduleAnyway' })),
    fits: ['n1', 'n2', 'n3'],
    answer: /n[12]/,
  },
  {
    name: 'matchLabelKeys keeps revisions apart',
    nodes: three,
    running: [running('a', 'n1', { app: 'web', rev: '1' })],
    pod: pod(spread(zone, { matchLabelKeys: ['rev'] }), { app: 'web', rev: '2' }),
    fits: ['n1', 'n2', 'n3'],
  },
]);

describe('spreading the pods of one controller', () => {
  it('uses every node before any twice', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs', controller: true };
    const placed: V1Pod[] = [];
    const nodes = ['n1', 'n2', 'n3'].map((name) => makeNode(name).build());
    for (let i = 0; i < 6; i++) {
      const next = makePod(`p${i}`).owner(owner).requests('100m', '64Mi').build();
      placed.push(withSpec(next, { nodeName: place(nodes, placed, next).answer }));
    }
    const counts = ['n1', 'n2', 'n3'].map((name) => placed.filter(({ spec }) => spec?.nodeName === name).length);
    expect(counts).toEqual([2, 2, 2]);
  });
});
