import { type Plugin, wakesOn } from '../plugin.ts';

export const reason = "node(s) didn't match the requested node name";

/** spec.nodeName stands in pods that were bound already; it matters when placements are computed anew. */
export const nodeName: Plugin = {
  name: 'NodeName',
  wakesOn: wakesOn.nodeAdded,
  judge({ pod }, _labels, { table }) {
    const wanted = pod.spec?.nodeName;
    if (!wanted) return undefined;
    return {
      isResolvable: false,
      fixed: { filter: (slot) => (table.names[slot] === wanted ? undefined : reason) },
    };
  },
};
