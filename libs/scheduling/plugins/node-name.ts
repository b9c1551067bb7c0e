import { type Plugin, wakesOn } from '../plugin.ts';

export const reason = "node(s) didn't match the requested node name";

/** Keeps a pod to the one node that it names. */
export const nodeName: Plugin = {
  name: 'NodeName',
  wakesOn: wakesOn.nodeAdded,
  judge({ nodeName: wanted }, _labels, { table }) {
    if (wanted === '') return undefined;
    return {
      isResolvable: false,
      fixed: { filter: (slot) => (table.names[slot] === wanted ? undefined : reason) },
    };
  },
};
