import { makeNode } from '../../../test/support/make-node.ts';
import { makePod } from '../../../test/support/make-pod.ts';
import { place, withSpec } from '../../../test/support/placement.ts';
import type { V1Node, V1Pod, V1PodSpec } from '../../api/gen/types.ts';

interface Case {
  name: string;
  nodes: V1Node[];
  running?: V1Pod[];
  pod: V1Pod;
  fits?: string[];
  answer?: string | RegExp;
}

function table(title: string, cases: Case[]): void {
  describe(title, () => {
    it.each(cases.map((each) => [each.name, each] as const))(
      '%s',
      (_name, { nodes, running = [], pod, fits, answer }) => {
        const placement = place(nodes, running, pod);
        if (fits !== undefined) expect(placement.fits).toEqual(fits);
        if (answer !== undefined)
          expect(placement.answer).toEqual(typeof answer === 'string' ? answer : expect.stringMatching(answer));
      },
    );
  });
}

const pod = (spec: Partial<V1PodSpec> = {}, labels: Record<string, string> = { app: 'web' }) =>
  withSpec(makePod('p').labels(labels).requests('1', '1Gi').build(), spec);
const running = (
  name: string,
  node: string,
  labels: Record<string, string> = { app: 'web' },
  spec: Partial<V1PodSpec> = {},
) => withSpec(makePod(name).labels(labels).requests('1', '1Gi').on(node).build(), spec);
const [n1, n2, n3] = [
  makeNode('n1').zone('a').build(),
  makeNode('n2').zone('a').build(),
  makeNode('n3').zone('b').build(),
];
const three = [n1, n2, n3];
const selector = { matchLabels: { app: 'web' } };
const hostname = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';

const containers = (...requests: Array<Record<string, string>>) =>
  requests.map((each, at) => ({ name: `c${at}`, image: 'x', resources: { requests: each } }));

table('resources', [
  {
    name: 'a pod goes where its requests are free',
    nodes: [n1, makeNode('small').allocatable({ cpu: '500m' }).build()],
    pod: pod(),
    fits: ['n1'],
  },
  {
    name: 'every lack is told',
    nodes: [
      makeNode('a').allocatable({ cpu: '1', memory: '1Gi' }).build(),
      makeNode('b').allocatable({ cpu: '1' }).build(),
    ],
    pod: pod({ containers: containers({ cpu: '2', memory: '2Gi' }) }),
    answer: '0/2 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.',
  },
  {
    name: 'the sum of the running pods counts, exactly',
    nodes: [n1],
    running: [running('a', 'n1'), running('b', 'n1'), running('c', 'n1')],
    pod: pod(),
    fits: ['n1'],
  },
  {
    name: 'one more does not fit',
    nodes: [n1],
    running: ['a', 'b', 'c', 'd'].map((name) => running(name, 'n1')),
    pod: pod(),
    answer: '0/1 nodes are available: 1 Insufficient cpu.',
  },
  {
    name: 'limits stand in for requests',
    nodes: [n1],
    pod: pod({ containers: [{ name: 'c', image: 'x', resources: { limits: { cpu: '5' } } }] }),
    answer: '0/1 nodes are available: 1 Insufficient cpu.',
  },
  {
    name: 'the largest init container counts when it is more than the sum',
    nodes: [n1],
    pod: pod({
      containers: containers({ cpu: '1' }, { cpu: '1' }),
      initContainers: containers({ cpu: '5' }, { cpu: '1' }),
    }),
    answer: /Insufficient cpu/,
  },
  {
    name: 'init containers do not add up',
    nodes: [n1],
    pod: pod({ containers: containers({ cpu: '1' }), initContainers: containers({ cpu: '4' }, { cpu: '4' }) }),
    fits: ['n1'],
  },
  {
    name: 'sidecars run beside the containers',
    nodes: [n1],
    pod: pod({
      containers: containers({ cpu: '2' }),
      initContainers: containers({ cpu: '3' }).map((each) => ({ ...each, restartPolicy: 'Always' as const })),
    }),
    answer: /Insufficient cpu/,
  },
  {
    name: 'overhead is added',
    nodes: [n1],
    pod: pod({ containers: containers({ cpu: '4' }), overhead: { cpu: '1m' } }),
    answer: /Insufficient cpu/,
  },
  {
    name: 'extended resources are counted',
    nodes: [makeNode('plain').build(), makeNode('gpu').allocatable({ 'example.com/gpu': '2' }).build()],
    running: [running('a', 'gpu', {}, { containers: containers({ 'example.com/gpu': '1' }) })],
    pod: pod({ containers: containers({ 'example.com/gpu': '2' }) }),
    answer: '0/2 nodes are available: 2 Insufficient example.com/gpu.',
  },
  {
    name: 'a node takes only so many pods',
    nodes: [makeNode('full').allocatable({ pods: '1' }).build()],
    running: [running('a', 'full', {}, { containers: containers({}) })],
    pod: pod({ containers: containers({}) }),
    answer: '0/1 nodes are available: 1 Too many pods.',
  },
  {
    name: 'the emptiest node is preferred',
    nodes: three,
    running: [running('a', 'n1'), running('b', 'n2')],
    pod: pod({}, { app: 'other' }),
    answer: 'n3',
  },
  { name: 'no node at all', nodes: [], pod: pod(), answer: 'no nodes available to schedule pods' },
]);

table('node name, selector and affinity', [
  { name: 'a node selector', nodes: three, pod: pod({ nodeSelector: { [zone]: 'b' } }), fits: ['n3'] },
  {
    name: 'a selector that nothing meets',
    nodes: three,
    pod: pod({ nodeSelector: { disk: 'ssd' } }),
    answer: "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
  },
  ...(
    [
      ['In', ['a'], ['n1', 'n2']],
      ['NotIn', ['a'], ['n3', 'bare']],
      ['Exists', [], ['n1', 'n2', 'n3']],
      ['DoesNotExist', [], ['bare']],
    ] as const
  ).map(([operator, values, fits]) => ({
    name: `required affinity: ${operator}`,
    nodes: [...three, makeNode('bare').build()],
    pod: pod({ affinity: requireNode([{ matchExpressions: [{ key: zone, operator, values: [...values] }] }]) }),
    fits: [...fits],
  })),
  {
    name: 'required affinity: Gt and Lt compare numbers',
    nodes: ['5', '50', '500'].map((size) => makeNode(`s${size}`).labels({ size }).build()),
    pod: pod({
      affinity: requireNode([
        {
          matchExpressions: [
            { key: 'size', operator: 'Gt', values: ['9'] },
            { key: 'size', operator: 'Lt', values: ['100'] },
          ],
        },
      ]),
    }),
    fits: ['s50'],
  },
  {
    name: 'terms are alternatives, fields are matched',
    nodes: three,
    pod: pod({
      affinity: requireNode([
        { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] },
        { matchExpressions: [{ key: zone, operator: 'In', values: ['b'] }] },
      ]),
    }),
    fits: ['n2', 'n3'],
  },
  {
    name: 'preferred affinity decides among equals',
    nodes: three,
    pod: pod({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: zone, operator: 'In', values: ['b'] }] } },
          ],
        },
      },
    }),
    answer: 'n3',
  },
]);

function requireNode(nodeSelectorTerms: object[]): V1PodSpec['affinity'] {
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}

const tainted = makeNode('t').taint('k', 'v', 'NoSchedule').build();
table('taints and cordon', [
  {
    name: 'a taint keeps pods off',
    nodes: [tainted],
    pod: pod(),
    answer: '0/1 nodes are available: 1 node(s) had untolerated taint {k: v}.',
  },
  ...(
    [
      ['Equal with the value', { key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' }, ['t']],
      ['another value', { key: 'k', operator: 'Equal', value: 'w' }, []],
      ['Exists', { key: 'k', operator: 'Exists' }, ['t']],
      ['Exists without a key', { operator: 'Exists' }, ['t']],
      ['another effect', { key: 'k', operator: 'Exists', effect: 'NoExecute' }, []],
    ] as const
  ).map(([name, toleration, fits]) => ({
    name: `toleration: ${name}`,
    nodes: [tainted],
    pod: pod({ tolerations: [toleration] }),
    fits: [...fits],
  })),
  {
    name: 'NoExecute keeps new pods off, PreferNoSchedule only where there is another node',
    nodes: [
      makeNode('x').taint('k', '', 'NoExecute').build(),
      makeNode('y').taint('k', '', 'PreferNoSchedule').build(),
      n1,
    ],
    pod: pod(),
    fits: ['y', 'n1'],
    answer: 'n1',
  },
  {
    name: 'a cordoned node',
    nodes: [makeNode('c').cordoned().taint('node.kubernetes.io/unschedulable', '', 'NoSchedule').build()],
    pod: pod(),
    answer: '0/1 nodes are available: 1 node(s) were unschedulable.',
  },
]);

const port = (hostPort: number, more: object = {}) => ({
  containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort, ...more }] }],
});
table('host ports', [
  {
    name: 'a port is given once',
    nodes: [n1],
    running: [running('a', 'n1', {}, port(80))],
    pod: pod(port(80)),
    answer: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
  },
  { name: 'another port', nodes: [n1], running: [running('a', 'n1', {}, port(80))], pod: pod(port(81)), fits: ['n1'] },
  {
    name: 'another protocol',
    nodes: [n1],
    running: [running('a', 'n1', {}, port(80))],
    pod: pod(port(80, { protocol: 'UDP' })),
    fits: ['n1'],
  },
  {
    name: 'different addresses share a port, all addresses collide with each',
    nodes: [n1, n2],
    running: [running('a', 'n1', {}, port(80, { hostIP: '10.0.0.1' })), running('b', 'n2', {}, port(80))],
    pod: pod(port(80, { hostIP: '10.0.0.2' })),
    fits: ['n1'],
  },
  {
    name: 'ports of pods in the host network count',
    nodes: [n1],
    running: [running('a', 'n1', {}, { ...port(0), hostNetwork: true })],
    pod: pod(port(80)),
    fits: [],
  },
]);

const spread = (topologyKey: string, more: object = {}) => ({
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey, whenUnsatisfiable: 'DoNotSchedule', labelSelector: selector, ...more },
  ],
});
table('topology spread', [
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
table('pods near and away from each other', [
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

table('images', [
  {
    name: 'a large image that is there already decides',
    nodes: [
      n1,
      makeNode('has')
        .image('registry.example/app:1', 900 * 2 ** 20)
        .build(),
    ],
    pod: pod({ containers: [{ name: 'c', image: 'registry.example/app:1' }] }),
    answer: 'has',
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
