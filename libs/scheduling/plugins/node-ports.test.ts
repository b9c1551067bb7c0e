import { placementTable, pod, running, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1Node } from '../../api/gen/types.ts';

const [n1, n2] = threeNodes as [V1Node, V1Node, V1Node];

const port = (hostPort: number, more: object = {}) => ({
  containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80, hostPort, ...more }] }],
});

placementTable('host ports', [
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
