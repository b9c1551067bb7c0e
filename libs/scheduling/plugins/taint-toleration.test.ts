import { makeNode } from '../../../test/support/make-node.ts';
import { placementTable, pod, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1Node } from '../../api/gen/types.ts';

const [n1] = threeNodes as [V1Node, V1Node, V1Node];

const tainted = makeNode('t').taint('k', 'v', 'NoSchedule').build();

placementTable('taints', [
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
]);
