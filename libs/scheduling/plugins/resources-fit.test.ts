import { makeNode } from '../../../test/support/make-node.ts';
import { placementTable, pod, running, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1Node } from '../../api/gen/types.ts';

const three = threeNodes;
const [n1] = threeNodes as [V1Node, V1Node, V1Node];

const containers = (...requests: Array<Record<string, string>>) =>
  requests.map((each, at) => ({ name: `c${at}`, image: 'x', resources: { requests: each } }));

placementTable('resources', [
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
