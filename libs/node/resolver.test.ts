import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podOf } from '../../test/support/observed.ts';
import type { V1PodSpec } from '../api/gen/types.ts';
import { hostsText } from './hosts.ts';
import { podDns } from './resolver.ts';

describe('podDns', () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-dns-'));
    writeFileSync(join(directory, 'resolv.conf'), 'nameserver 1.1.1.1\nsearch home.example\noptions edns0\n');
  });
  afterAll(() => rmSync(directory, { recursive: true }));
  const dnsConfig = { nameservers: ['9.9.9.9'], searches: ['x.example'], options: [{ name: 'ndots', value: '2' }] };
  const cluster = ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'home.example'];
  const cases: Array<[string, Partial<V1PodSpec>, { servers: string[]; searches: string[]; options: string[] }]> = [
    ['the cluster first', {}, { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] }],
    [
      'the node as it is',
      { dnsPolicy: 'Default' },
      { servers: ['1.1.1.1'], searches: ['home.example'], options: ['edns0'] },
    ],
    [
      'the node for pods on its network',
      { hostNetwork: true },
      { servers: ['1.1.1.1'], searches: ['home.example'], options: ['edns0'] },
    ],
    [
      'the cluster on the network of the node',
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] },
    ],
    [
      'the pod alone',
      { dnsPolicy: 'None', dnsConfig },
      { servers: ['9.9.9.9'], searches: ['x.example'], options: ['ndots:2'] },
    ],
    [
      'the cluster and the pod',
      { dnsConfig },
      { servers: ['10.96.0.10', '9.9.9.9'], searches: [...cluster, 'x.example'], options: ['ndots:2'] },
    ],
  ];
  it.each(cases)('asks %s', (_, spec, expected) => {
    const dns = { servers: ['10.96.0.10'], domain: 'cluster.local', resolvConf: join(directory, 'resolv.conf') };
    expect(podDns(podOf(spec), dns)).toEqual(expected);
  });
});

describe('hostsText', () => {
  it('names the pod and its aliases', () => {
    const pod = podOf({ hostname: 'h', subdomain: 's', hostAliases: [{ ip: '1.2.3.4', hostnames: ['a', 'b'] }] });
    const text = hostsText(pod, ['10.0.0.5'], 'cluster.local', '');
    expect(text.startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n')).toBe(true);
    expect(text).toContain('10.0.0.5\th.s.ns.svc.cluster.local\th\n');
    expect(text.endsWith('\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n')).toBe(true);
  });

  it('is the file of the node on its network', () => {
    const text = hostsText(podOf({ hostNetwork: true }), [], 'cluster.local', '127.0.0.1 localhost\n');
    expect(text).toBe('# Kubernetes-managed hosts file (host network).\n127.0.0.1 localhost\n');
  });
});
