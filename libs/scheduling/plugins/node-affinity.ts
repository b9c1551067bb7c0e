import type { V1NodeAffinity } from '../../api/gen/types.ts';
import { admitsNode, meetsTerm } from '../node-terms.ts';
import { type Plugin, scoreMax, wakesOn } from '../plugin.ts';

export const reason = "node(s) didn't match Pod's node affinity/selector";

export const addedReason = "node(s) didn't match scheduler-enforced node affinity";

/** Node selector, required and preferred node affinity; `added` is what a profile asks of nodes for all its pods. */
export const newNodeAffinity = (added: V1NodeAffinity): Plugin => ({
  name: 'NodeAffinity',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeLabels,
  judge({ pod }, _labels, { table }) {
    const admits = admitsNode(pod, table);
    const addedTerms = added.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
    const preferred = [
      ...(pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
      ...(added.preferredDuringSchedulingIgnoredDuringExecution ?? []),
    ];
    if (admits === undefined && addedTerms === undefined && preferred.length === 0) return undefined;
    const weights = preferred.reduce((sum, { weight }) => sum + weight, 0);
    const weightOf = (slot: number) =>
      preferred.reduce((sum, { weight, preference }) => sum + (meetsTerm(preference, table, slot) ? weight : 0), 0);
    const filter = (slot: number) => {
      if (addedTerms !== undefined && !addedTerms.some((term) => meetsTerm(term, table, slot))) return addedReason;
      return admits === undefined || admits(slot) ? undefined : reason;
    };
    return {
      isResolvable: false,
      fixed: {
        filter: admits === undefined && addedTerms === undefined ? undefined : filter,
        score: weights > 0 ? (slot) => (scoreMax * weightOf(slot)) / weights : undefined,
      },
    };
  },
});

export const nodeAffinity = newNodeAffinity({});
