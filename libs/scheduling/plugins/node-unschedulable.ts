import { type Plugin, wakesOn } from '../plugin.ts';
import { tolerates } from '../tolerations.ts';

export const reason = 'node(s) were unschedulable';
const cordon = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

/** Keeps pods off cordoned nodes. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeTaints,
  judge({ pod }, _labels, { table }) {
    if (pod.spec?.tolerations?.some((toleration) => tolerates(toleration, cordon))) return undefined;
    return {
      isResolvable: false,
      fixed: { filter: (slot) => (table.nodes[slot]?.spec?.unschedulable ? reason : undefined) },
    };
  },
};
