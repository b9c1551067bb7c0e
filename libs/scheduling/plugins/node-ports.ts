import { type Plugin, wakesOn } from '../plugin.ts';
import type { HostPort } from '../pod-info.ts';

export const reason = "node(s) didn't have free ports for the requested pod ports";
const anyIp = '0.0.0.0';

function collide(one: HostPort, other: HostPort): boolean {
  if (one.port !== other.port || one.protocol !== other.protocol) return false;
  return one.ip === other.ip || one.ip === anyIp || other.ip === anyIp;
}

/** Gives a port of a node to one pod only. */
export const nodePorts: Plugin = {
  name: 'NodePorts',
  wakesOn: wakesOn.nodeAdded | wakesOn.podRemoved,
  judge({ hostPorts }, _labels, { table }) {
    if (hostPorts.length === 0) return undefined;
    return {
      isResolvable: true,
      local: {
        filter(slot) {
          for (const { info } of table.podsOn[slot]!) {
            for (const taken of info.shape.hostPorts) {
              if (hostPorts.some((wanted) => collide(wanted, taken))) return reason;
            }
          }
          return undefined;
        },
      },
    };
  },
};
