import type { V1Node } from '../api/gen/types.ts';
import type { AdmissionPlugin } from './chain.ts';

const notReady = 'node.kubernetes.io/not-ready';

/** A new node takes no pods until the node life cycle controller has found it ready. */
export const taintNewNodes: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  resources: ['/nodes'],
  admit({ operation, object }) {
    if (operation !== 'create') return;
    const node = object as V1Node;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (taints.some((taint) => taint.key === notReady && taint.effect === 'NoSchedule')) return;
    node.spec.taints = [...taints, { key: notReady, effect: 'NoSchedule' }];
  },
};
