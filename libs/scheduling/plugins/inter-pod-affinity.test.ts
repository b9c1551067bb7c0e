import { place } from '../../../test/support/placement.ts';
import { placementTable, pod, running, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1Node, V1Pod } from '../../api/gen/types.ts';

const three = threeNodes;
const [n1] = threeNodes as [V1Node, V1Node, V1Node];
const selector = { matchLabels: { app: 'web' } };
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

const near = (topologyKey: string, more: object = {}) => ({
  affinity: {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selector, topologyKey, ...more }],
    },
  },
});
const away = (topologyKey: string, more: object = {}) => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: selector, topologyKey, ...more }],
    },
  },
});

const elsewhere = (each: V1Pod): V1Pod => ({ ...each, metadata: { ...each.metadata, namespace: 'elsewhere' } });
const leaving = (each: V1Pod): V1Pod => ({
  ...each,
  metadata: { ...each.metadata, deletionTimestamp: '2026-01-01T00:00:30Z' },
});

placementTable('pods near and away from each other', [
  {
    name: 'near: the zone of the other',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod(near(zone)),
    fits: ['n1', 'n2'],
  },
  { name: 'near: the first of its kind starts anywhere', nodes: three, pod: pod(near(zone)), fits: ['n1', 'n2', 'n3'] },
  {
    name: 'near: one that waits for others waits',
    nodes: three,
    pod: pod(near(zone), { app: 'other' }),
    answer: "0/3 nodes are available: 3 node(s) didn't match pod affinity rules.",
  },
  {
    name: 'near: only those that meet all terms count, whatever namespaces these speak of',
    nodes: three,
    running: [elsewhere(running('a', 'n1'))],
    pod: pod({
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: {}, topologyKey: hostname },
            { labelSelector: selector, topologyKey: hostname, namespaceSelector: {} },
          ],
        },
      },
    }),
    fits: ['n1', 'n2', 'n3'],
  },
  {
    name: 'away: from those on their way out as well, for they still run',
    nodes: three,
    running: [leaving(running('a', 'n1'))],
    pod: pod(away(zone)),
    fits: ['n3'],
  },
  {
    name: 'near: those on their way out count',
    nodes: three,
    running: [leaving(running('a', 'n1'))],
    pod: pod(near(hostname), { app: 'other' }),
    fits: ['n1'],
  },
  { name: 'near: by hostname', nodes: three, running: [running('a', 'n2')], pod: pod(near(hostname)), fits: ['n2'] },
  {
    name: 'away: by hostname',
    nodes: three,
    running: [running('a', 'n1')],
    pod: pod(away(hostname)),
    fits: ['n2', 'n3'],
  },
  { name: 'away: by zone', nodes: three, running: [running('a', 'n1')], pod: pod(away(zone)), fits: ['n3'] },
  {
    name: 'away: no node left',
    nodes: [n1],
    running: [running('a', 'n1')],
    pod: pod(away(hostname)),
    answer: "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
  },
  {
    name: 'away: the rule of a running pod binds newcomers',
    nodes: three,
    running: [running('a', 'n1', { app: 'other' }, away(zone))],
    pod: pod(),
    fits: ['n3'],
  },
  {
    name: 'away: in the words of Kubernetes',
    nodes: [n1],
    running: [running('a', 'n1', { app: 'other' }, away(zone))],
    pod: pod(),
    answer: "0/1 nodes are available: 1 node(s) didn't satisfy existing pods anti-affinity rules.",
  },
  {
    name: 'other namespaces count only when named',
    nodes: three,
    running: [{ ...running('a', 'n1'), metadata: { ...running('a', 'n1').metadata, namespace: 'elsewhere' } }],
    pod: pod(away(zone)),
    fits: ['n1', 'n2', 'n3'],
  },
  {
    name: 'an empty namespace selector means all namespaces',
    nodes: three,
    running: [{ ...running('a', 'n1'), metadata: { ...running('a', 'n1').metadata, namespace: 'elsewhere' } }],
    pod: pod(away(zone, { namespaceSelector: {} })),
    fits: ['n3'],
  },
  {
    name: 'preferred affinity draws',
    nodes: three,
    running: [running('a', 'n3')],
    pod: pod({
      affinity: {
        podAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, podAffinityTerm: { labelSelector: selector, topologyKey: hostname } },
          ],
        },
      },
    }),
    answer: 'n3',
  },
]);

describe('the points for pods near by', () => {
  const weighs = (weight: number) => ({
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight, podAffinityTerm: { labelSelector: selector, topologyKey: hostname } },
        ],
      },
    },
  });
  const points = (weight: number) =>
    place(three, [running('a', 'n1')], pod(weighs(weight), { app: 'other' }))
      .scores('n1')
      .get('InterPodAffinity');

  it('are the same for a single preference whatever it weighs', () => {
    expect(points(1)).toBeGreaterThan(150);
    expect(points(1)).toBeCloseTo(points(100)!);
  });
});
