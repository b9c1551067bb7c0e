import { makeNode } from '../../../test/support/make-node.ts';
import { placementTable, pod, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1Node } from '../../api/gen/types.ts';

const [n1] = threeNodes as [V1Node, V1Node, V1Node];

placementTable('images', [
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
