import type { Change } from './actions.ts';
import { masqueradeRules } from './links.ts';
import { clusterNames, nodeNames } from './names.ts';
import { addressIn, chooseRanges, keepRanges, nodeAddress, nodesMax, routeDestinations } from './ranges.ts';
import { resolverActions } from './resolver.ts';

const cluster = clusterNames('0123abcd');
const node = nodeNames('0123abcd', 2);
const ranges = chooseRanges([]);
describe('ranges', () => {
  it.each([
    { name: 'nothing in use', taken: [], want: ['172.30.0.0/24', '10.244.0.0/16', '10.96.0.0/16'] },
    {
      name: 'another cluster',
      taken: ['172.30.0.0/24', '10.244.0.0/16', '10.96.0.0/16'],
      want: ['172.30.1.0/24', '10.245.0.0/16', '10.97.0.0/16'],
    },
    { name: 'one address inside', taken: ['10.244.7.9'], want: ['172.30.0.0/24', '10.245.0.0/16', '10.96.0.0/16'] },
    { name: 'a wide network', taken: ['172.16.0.0/12'], fails: 'nodes' },
    { name: 'all of ten', taken: ['10.0.0.0/8'], fails: 'pods' },
  ])('with $name', ({ taken, want, fails }) => {
    if (fails !== undefined) expect(() => chooseRanges(taken)).toThrow(`every address range for ${fails} is in use`);
    else expect(Object.values(chooseRanges(taken))).toEqual(want);
  });
  it('begins elsewhere with another seed', () => {
    expect(chooseRanges(['10.246.0.0/16'], 2)).toEqual({
      nodes: '172.30.2.0/24',
      pods: '10.247.0.0/16',
      services: '10.98.0.0/16',
    });
  });
  it('keeps what is stored, moves nodes, and refuses when it cannot', () => {
    expect(keepRanges(ranges, ['192.0.2.0/24'])).toBe(ranges);
    expect(keepRanges(ranges, ['172.30.0.9']).nodes).toBe('172.30.1.0/24');
    expect(() => keepRanges(ranges, ['10.96.0.0/12'])).toThrow('range for services, 10.96.0.0/16, overlaps');
  });
  it('leaves its own routes out', () => {
    const own = `10.244.1.0/24 via 172.30.0.11 dev ${cluster.bridge} \nunreachable 10.244.0.0/16 metric ${cluster.routeMetric}\n`;
    expect(routeDestinations(`${own}10.9.0.0/16 dev x\n`, cluster)).toEqual(['10.9.0.0/16']);
  });
  it('counts addresses over byte borders', () => {
    expect(addressIn('10.96.255.0/24', 300)).toBe('10.97.0.44');
    expect(nodeAddress(ranges, nodesMax)).toBe('172.30.0.210');
  });
  it('reads destinations from ip route', () => {
    const listing = `default via 192.0.2.1 dev eth0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2
unreachable 10.244.0.0/16 metric 4278198272
local 192.0.2.2 dev eth0 table local
fe80::/64 dev eth0
`;
    expect(routeDestinations(listing)).toEqual(['192.0.2.0/24', '10.244.0.0/16', '192.0.2.2']);
  });
});

function commandOf(change: Change): string {
  return 'run' in change ? `${change.run.join(' ')} ${change.input ?? ''}` : '';
}

describe('resolverActions', () => {
  const stub = 'nameserver 127.0.0.53\noptions edns0\n';
  const real = '# made by systemd-resolved\nnameserver fe80::1\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n';
  it.each([
    { name: 'a reachable server', used: real, behind: real, sent: undefined },
    { name: 'a stub', used: stub, behind: real, sent: '192.0.2.53' },
    { name: 'a stub and a reachable server', used: `${stub}nameserver 192.0.2.1\n`, behind: real, sent: undefined },
    { name: 'a stub with nothing known behind it', used: stub, behind: '', sent: undefined },
  ])('with $name', ({ used, behind, sent }) => {
    const rules = resolverActions(node, used, behind).flatMap((action) => action.changes.map(commandOf));
    if (sent === undefined) expect(rules).toEqual([]);
    else
      expect(rules.join()).toContain(`ip daddr { 127.0.0.53 } meta l4proto { tcp, udp } th dport 53 dnat to ${sent}`);
  });
});

describe('masqueradeRules', () => {
  it('leaves packets within the cluster alone', () => {
    expect(masqueradeRules(cluster, ranges)).toContain(
      'ip saddr { 172.30.0.0/24, 10.244.0.0/16 } ip daddr != { 172.30.0.0/24, 10.244.0.0/16 } ' +
        'oifname != "berth-0123abcd" masquerade',
    );
  });
});
