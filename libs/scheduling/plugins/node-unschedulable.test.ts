import { makeNode } from '../../../test/support/make-node.ts';
import { placementTable, pod } from '../../../test/support/placement-table.ts';

const cordoned = makeNode('c').cordoned().taint('node.kubernetes.io/unschedulable', '', 'NoSchedule').build();

placementTable('cordons', [
  {
    name: 'a cordoned node',
    nodes: [makeNode('c').cordoned().taint('node.kubernetes.io/unschedulable', '', 'NoSchedule').build()],
    pod: pod(),
    answer: '0/1 nodes are available: 1 node(s) were unschedulable.',
  },
  {
    name: 'a toleration of the cordon',
    nodes: [cordoned],
    pod: pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] }),
    fits: ['c'],
  },
]);
