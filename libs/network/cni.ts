export interface CniOptions {
  /** The node's pod range. */
  podCidr: string;
  /** Bytes of the largest packet, tunnel already taken off. */
  mtu: number;
  /** Where the addresses in use are noted; a folder of this node alone. */
  ipamDir: string;
}

/**
 * The CNI configuration of a node: every pod gets a veth pair and an address of the node's pod range. Packets between
 * two pods of one node are routed, not bridged, so that service addresses are translated back without br_netfilter.
 * Source: CNI specification 0.4.0, "Network Configuration Lists".
 */
export function cniConfiguration(options: CniOptions): string {
  const ipam = {
    type: 'host-local',
    ranges: [[{ subnet: options.podCidr }]],
    routes: [{ dst: '0.0.0.0/0' }],
    dataDir: options.ipamDir,
  };
  const plugins = [{ type: 'ptp', mtu: options.mtu, ipMasq: false, ipam }];
  return `${JSON.stringify({ cniVersion: '0.4.0', name: 'berth', plugins }, null, 2)}\n`;
}
