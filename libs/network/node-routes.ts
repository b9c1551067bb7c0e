import type { V1Node } from '../api/gen/types.ts';

export interface Peer {
  nodeName: string;
  nodeIp: string;
  podCidr: string;
}

export interface RoutePlan {
  /** Pod ranges of nodes on our own segment: through the node itself. */
  direct: Peer[];
  /** Pod ranges of nodes elsewhere: through the tunnel. */
  tunnelled: Peer[];
}

/** The name of the VXLAN device; its identifier and port are Berth's own so that other overlays stay undisturbed. */
export const tunnel = { device: 'berth.vxlan', id: 4210, port: 8472, overheadBytes: 50 } as const;

/** Where the pods of every other node are reached from this one. `onLink` says whether an address is on our segment. */
export function computeRoutes(nodes: Iterable<V1Node>, ownName: string, onLink: (ip: string) => boolean): RoutePlan {
  const plan: RoutePlan = { direct: [], tunnelled: [] };
  for (const node of nodes) {
    const nodeName = node.metadata?.name ?? '';
    const nodeIp = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
    const podCidr = node.spec?.podCIDR;
    if (nodeName === ownName || !nodeIp || !podCidr) continue;
    (onLink(nodeIp) ? plan.direct : plan.tunnelled).push({ nodeName, nodeIp, podCidr });
  }
  return plan;
}

/** The hardware address of a node's tunnel end, derived from its IP so that nobody has to announce it. */
export function tunnelMac(nodeIp: string): string {
  const bytes = nodeIp.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return ['0e', 'be', ...bytes].join(':');
}

/** The first address of a range: what stands for the tunnel's end on the node that owns the range. */
export function rangeBase(cidr: string): string {
  return cidr.slice(0, cidr.indexOf('/'));
}

/** Lines for `ip -batch` that set the routes of `plan` and remove those of `previous` that it lacks. */
export function routeCommands(plan: RoutePlan, previous?: RoutePlan): string[] {
  const kept = new Set([...plan.direct, ...plan.tunnelled].map((peer) => peer.podCidr));
  const gone = [...(previous?.direct ?? []), ...(previous?.tunnelled ?? [])].filter((peer) => !kept.has(peer.podCidr));
  return [
    ...gone.map((peer) => `route del ${peer.podCidr}`),
    ...plan.direct.map((peer) => `route replace ${peer.podCidr} via ${peer.nodeIp}`),
    ...plan.tunnelled.flatMap((peer) => [
      `neigh replace ${rangeBase(peer.podCidr)} lladdr ${tunnelMac(peer.nodeIp)} dev ${tunnel.device} nud permanent`,
      `route replace ${peer.podCidr} via ${rangeBase(peer.podCidr)} dev ${tunnel.device} onlink`,
    ]),
  ];
}

/** Lines for `bridge -batch`: which machine holds the other end of each tunnelled peer. */
export function forwardingCommands(plan: RoutePlan): string[] {
  return plan.tunnelled.map(
    (peer) => `fdb replace ${tunnelMac(peer.nodeIp)} dev ${tunnel.device} dst ${peer.nodeIp} self permanent`,
  );
}

/** Whether an IPv4 address lies in one of the ranges `a.b.c.d/n`. */
export function inRanges(ip: string, cidrs: readonly string[]): boolean {
  const value = toNumber(ip);
  return cidrs.some((cidr) => {
    const [base = '', bits = '32'] = cidr.split('/');
    const size = 2 ** (32 - Number(bits));
    return Math.floor(value / size) === Math.floor(toNumber(base) / size);
  });
}

function toNumber(ip: string): number {
  return ip.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}
