import { makeNode } from '../../../test/support/make-node.ts';
import { placementTable, pod, threeNodes } from '../../../test/support/placement-table.ts';
import type { V1PodSpec } from '../../api/gen/types.ts';

const three = threeNodes;
const zone = 'topology.kubernetes.io/zone';

function requireNode(nodeSelectorTerms: object[]): V1PodSpec['affinity'] {
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } };
}

placementTable('node name, selector and affinity', [
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
