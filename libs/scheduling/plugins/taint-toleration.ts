import type { V1Taint } from '../../api/gen/types.ts';
import { type Plugin, scoreMax, wakesOn } from '../plugin.ts';
import { repellingEffects, tolerates, untolerated } from '../tolerations.ts';

export const reasonOf = ({ key, value }: V1Taint) => `node(s) had untolerated taint {${key}: ${value ?? ''}}`;
const cordonKey = 'node.kubernetes.io/unschedulable';

/** Keeps pods off nodes with taints that they do not tolerate, and prefers nodes with fewer that say PreferNoSchedule. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeTaints | wakesOn.podUpdated,
  judge({ pod }, _labels, { table }) {
    const tolerations = pod.spec?.tolerations ?? [];
    const avoided = (slot: number) =>
      table
        .taints(slot)
        .filter((taint) => taint.effect === 'PreferNoSchedule' && !tolerations.some((each) => tolerates(each, taint)));
    return {
      isResolvable: false,
      fixed: {
        filter(slot) {
          // The cordon is named by the plugin whose matter it is.
          const taints = table.nodes[slot]?.spec?.unschedulable
            ? table.taints(slot).filter(({ key }) => key !== cordonKey)
            : table.taints(slot);
          const taint = untolerated(taints, tolerations, repellingEffects);
          return taint === undefined ? undefined : reasonOf(taint);
        },
        score: (slot) => scoreMax / (1 + avoided(slot).length),
      },
    };
  },
};
