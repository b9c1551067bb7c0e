import { makePod } from '../../../test/support/make-pod.ts';
import type { V1DaemonSet, V1DaemonSetSpec, V1Node, V1Pod, V1Taint } from '../../api/gen/types.ts';
import { compute, computeStatus, podOf } from './compute.ts';

const nowMs = Date.UTC(2026, 0, 1, 1);
const makeSet = (spec: Partial<V1DaemonSetSpec> = {}): V1DaemonSet => ({
  metadata: { name: 'agent', uid: 'u', generation: 1 },
  spec: { selector: {}, template: { spec: { containers: [] } }, ...spec },
});
const makeNode = (name: string, labels: Record<string, string> = {}, taints: V1Taint[] = []): V1Node => ({
  metadata: { name, labels },
  spec: { taints },
});
const on = (name: string, node: string, hash = 'new') =>
  makePod(name).on(node).labels({ 'controller-revision-hash': hash }).ready();
const rolling = (rollingUpdate: object) => ({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } });
const three = ['n1', 'n2', 'n3'].map((name) => makeNode(name));

interface Case {
  name: string;
  spec?: Partial<V1DaemonSetSpec>;
  nodes: V1Node[];
  pods?: V1Pod[];
  create?: string[];
  remove?: string[];
}

const cases: Case[] = [
  { name: 'one on each node', nodes: three, pods: [on('a', 'n1').build()], create: ['n2', 'n3'] },
  {
    name: 'only where the selector says',
    spec: { template: { spec: { containers: [], nodeSelector: { disk: 'ssd' } } } },
    nodes: [makeNode('n1', { disk: 'ssd' }), makeNode('n2')],
    pods: [on('b', 'n2').build()],
    create: ['n1'],
    remove: ['b'],
  },
  {
    name: 'not past a taint, but those there stay',
    nodes: [
      makeNode('n1', {}, [{ key: 'x', effect: 'NoSchedule' }]),
      makeNode('n2', {}, [{ key: 'x', effect: 'NoSchedule' }]),
    ],
    pods: [on('a', 'n1').build()],
  },
  {
    name: 'NoExecute drives them out',
    nodes: [makeNode('n1', {}, [{ key: 'x', effect: 'NoExecute' }])],
    pods: [on('a', 'n1').build()],
    remove: ['a'],
  },
  {
    name: 'they bear the state of their node',
    nodes: [
      makeNode('n1', {}, [
        { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' },
        { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
      ]),
    ],
    create: ['n1'],
  },
  {
    name: 'a second one goes',
    nodes: [makeNode('n1')],
    pods: [on('a', 'n1').build(), on('b', 'n1').created('2026-01-01T00:30:00Z').build()],
    remove: ['b'],
  },
  {
    name: 'an ended one goes before its successor comes',
    nodes: [makeNode('n1')],
    pods: [on('a', 'n1').phase('Failed').build()],
    remove: ['a'],
  },
  {
    name: 'updates one at a time',
    nodes: three,
    pods: ['n1', 'n2', 'n3'].map((node) => on(node, node, 'old').build()),
    remove: ['n1'],
  },
  {
    name: 'and waits for it',
    nodes: three,
    pods: [
      makePod('x').on('n1').labels({ 'controller-revision-hash': 'new' }).phase('Running').build(),
      on('b', 'n2', 'old').build(),
      on('c', 'n3', 'old').build(),
    ],
  },
  {
    name: 'those that do not serve go at once',
    nodes: three,
    pods: [
      makePod('a').on('n1').phase('Running').build(),
      makePod('b').on('n2').phase('Running').build(),
      on('c', 'n3', 'old').build(),
    ],
    remove: ['a', 'b'],
  },
  {
    name: 'with a surge the new one comes first',
    spec: rolling({ maxSurge: 1, maxUnavailable: 0 }),
    nodes: three,
    pods: ['n1', 'n2', 'n3'].map((node) => on(node, node, 'old').build()),
    create: ['n1'],
  },
  {
    name: 'and the old one goes when it serves',
    spec: rolling({ maxSurge: 1, maxUnavailable: 0 }),
    nodes: [makeNode('n1')],
    pods: [on('a', 'n1', 'old').build(), on('b', 'n1').build()],
    remove: ['a'],
  },
  {
    name: 'OnDelete leaves it to people',
    spec: { updateStrategy: { type: 'OnDelete' } },
    nodes: [makeNode('n1')],
    pods: [on('a', 'n1', 'old').build()],
  },
];

describe('pods of a DaemonSet', () => {
  it.each(cases)('$name', ({ spec, nodes, pods = [], create = [], remove = [] }) => {
    const plan = compute({ daemonSet: makeSet(spec), nodes, pods, hash: 'new' }, nowMs);
    expect(plan.create).toEqual(create);
    expect(plan.remove.map(({ metadata }) => metadata?.name)).toEqual(remove);
  });

  it('are counted by node', () => {
    const pods = [on('a', 'n1').build(), makePod('b').on('n2').labels({ 'controller-revision-hash': 'old' }).build()];
    expect(computeStatus({ daemonSet: makeSet(), nodes: three, pods, hash: 'new' }, nowMs).status).toEqual({
      desiredNumberScheduled: 3,
      currentNumberScheduled: 2,
      numberMisscheduled: 0,
      numberReady: 1,
      numberAvailable: 1,
      numberUnavailable: 2,
      updatedNumberScheduled: 1,
      observedGeneration: 1,
    });
  });

  it('are sent to their node by name', () => {
    const terms = podOf(makeSet(), 'n1', 'new').spec?.affinity?.nodeAffinity
      ?.requiredDuringSchedulingIgnoredDuringExecution;
    expect(terms).toEqual({
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
    });
  });
});
