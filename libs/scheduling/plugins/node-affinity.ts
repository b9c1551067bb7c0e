import { admitsNode, meetsTerm } from '../node-terms.ts';
import { type Plugin, scoreMax, wakesOn } from '../plugin.ts';

export const reason = "node(s) didn't match Pod's node affinity/selector";

/** Node selector, required and preferred node affinity. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeLabels,
  judge({ pod }, _labels, { table }) {
    const admits = admitsNode(pod, table);
    const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (admits === undefined && preferred.length === 0) return undefined;
    const weights = preferred.reduce((sum, { weight }) => sum + weight, 0);
    const weightOf = (slot: number) =>
      preferred.reduce((sum, { weight, preference }) => sum + (meetsTerm(preference, table, slot) ? weight : 0), 0);
    return {
      isResolvable: false,
      fixed: {
        filter: admits && ((slot) => (admits(slot) ? undefined : reason)),
        score: weights > 0 ? (slot) => (scoreMax * weightOf(slot)) / weights : undefined,
      },
    };
  },
};
