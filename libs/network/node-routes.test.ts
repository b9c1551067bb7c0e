import type { V1Node } from '../api/gen/types.ts';
import { computeRoutes, forwardingCommands, inRanges, routeCommands, tunnelMac } from './node-routes.ts';

const node = (name: string, ip: string, podCIDR?: string): V1Node => ({
  metadata: { name },
  spec: { podCIDR },
  status: { addresses: [{ type: 'InternalIP', address: ip }] },
});

const nodes = [
  node('n1', '10.1.0.1', '10.244.0.0/24'),
  node('n2', '10.1.0.2', '10.244.1.0/24'),
  node('n3', '192.0.2.3', '10.244.2.0/24'),
  node('n4', '10.1.0.4'),
];
const onSegment = (ip: string) => inRanges(ip, ['10.1.0.0/24']);

describe('routes to other nodes', () => {
  const plan = computeRoutes(nodes, 'n1', onSegment);

  it('goes straight to nodes on the segment and tunnels to the others', () => {
    expect(plan.direct.map((peer) => peer.nodeName)).toEqual(['n2']);
    expect(plan.tunnelled.map((peer) => peer.nodeName)).toEqual(['n3']);
  });

  it('renders commands', () => {
    expect(routeCommands(plan)).toEqual([
      'route replace 10.244.1.0/24 via 10.1.0.2',
      'neigh replace 10.244.2.0 lladdr 0e:be:c0:00:02:03 dev berth.vxlan nud permanent',
      'route replace 10.244.2.0/24 via 10.244.2.0 dev berth.vxlan onlink',
    ]);
    expect(forwardingCommands(plan)).toEqual([
      'fdb replace 0e:be:c0:00:02:03 dev berth.vxlan dst 192.0.2.3 self permanent',
    ]);
  });

  it('removes routes of nodes that have gone', () => {
    expect(routeCommands({ direct: [], tunnelled: [] }, plan)).toEqual([
      'route del 10.244.1.0/24',
      'route del 10.244.2.0/24',
    ]);
  });

  it.each([
    ['10.1.0.7', ['10.1.0.0/24'], true],
    ['10.1.1.7', ['10.1.0.0/24'], false],
    ['255.255.255.255', ['0.0.0.0/0'], true],
    ['10.1.0.7', ['10.1.0.7/32'], true],
  ])('%s in %s: %s', (ip, ranges, expected) => expect(inRanges(ip, ranges)).toBe(expected));

  it('derives hardware addresses', () => expect(tunnelMac('10.0.255.1')).toBe('0e:be:0a:00:ff:01'));
});
