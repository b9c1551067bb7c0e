import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { decode, encode } from 'dns-packet';
import type { V1EndpointSlice, V1Service } from '../../api/gen/types.ts';
import { silentLogger } from '../../base/log.ts';
import { DnsServer } from './server.ts';
import { nameserversOf, upstreamServers } from './upstream.ts';
import { computeZone } from './zone.ts';

const port = 15_353;
const upstreamPort = 15_354;
const named = (name: string, spec: V1Service['spec']): V1Service => ({ metadata: { namespace: 'shop', name }, spec });

const services: V1Service[] = [
  named('web', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], ports: [{ name: 'http', port: 80 }] }),
  named('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }),
  named('far', { type: 'ExternalName', externalName: 'far.example.org' }),
  named('near', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local' }),
  named('many', { clusterIP: 'None', ports: [{ name: 'x', port: 1 }] }),
];
const slice = (
  service: string,
  endpoints: V1EndpointSlice['endpoints'],
  ports: V1EndpointSlice['ports'],
): V1EndpointSlice => ({
  metadata: { namespace: 'shop', name: `${service}-1`, labels: { 'kubernetes.io/service-name': service } },
  addressType: 'IPv4',
  endpoints,
  ports,
});
const slices = [
  slice(
    'db',
    [
      { addresses: ['10.244.0.3'], hostname: 'db-0' },
      { addresses: ['10.244.0.4'], conditions: { ready: false } },
    ],
    [{ name: 'sql', port: 5432 }],
  ),
  slice(
    'many',
    Array.from({ length: 90 }, (_, i) => ({ addresses: [`10.244.3.${i + 1}`] })),
    [],
  ),
];

describe('DNS of a node', () => {
  const zone = computeZone(services, slices, 'cluster.local');
  const upstream = createSocket('udp4');
  const server = new DnsServer({
    address: '127.0.0.1',
    port,
    domain: 'cluster.local',
    zone: () => zone,
    upstream: upstreamServers([`127.0.0.1:${upstreamPort}`]),
    logger: silentLogger,
  });
  const resolver = new Resolver({ timeout: 1000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);

  beforeAll(async () => {
    upstream.on('message', (query, from) => {
      const { id, questions } = decode(query);
      const name = questions?.[0]?.name ?? '';
      upstream.send(
        encode({ type: 'response', id, questions, answers: [{ type: 'A', name, data: '192.0.2.80' }] }),
        from.port,
        from.address,
      );
    });
    await new Promise<void>((done) => upstream.bind(upstreamPort, '127.0.0.1', done));
    await server.start();
  });
  afterAll(async () => {
    upstream.close();
    await server.stop();
  });

  it.each([
    ['a service', 'web.shop.svc.cluster.local', ['10.96.0.7']],
    ['a headless service, ready pods only', 'db.shop.svc.cluster.local', ['10.244.0.3']],
    ['a pod by its hostname', 'db-0.db.shop.svc.cluster.local', ['10.244.0.3']],
    ['a pod by its address', '10-244-0-9.shop.pod.cluster.local', ['10.244.0.9']],
    ['a name of any case', 'WEB.Shop.svc.cluster.local', ['10.96.0.7']],
    ['an external name, followed upstream', 'far.shop.svc.cluster.local', ['192.0.2.80']],
    ['an external name inside the cluster', 'near.shop.svc.cluster.local', ['10.96.0.7']],
    ['everything else upstream', 'example.org', ['192.0.2.80']],
  ])('resolves %s', async (_, name, addresses) => expect(await resolver.resolve4(name)).toEqual(addresses));

  it('resolves SRV', async () => {
    // Newer versions of Node say of which type the answer is.
    expect(await resolver.resolveSrv('_sql._tcp.db.shop.svc.cluster.local')).toMatchObject([
      { name: 'db-0.db.shop.svc.cluster.local', port: 5432, priority: 0, weight: 100 },
    ]);
  });

  it('resolves addresses back to names', async () => {
    expect(await resolver.reverse('10.96.0.7')).toEqual(['web.shop.svc.cluster.local']);
  });

  it('falls back to TCP for a long answer', async () => {
    expect(await resolver.resolve4('many.shop.svc.cluster.local')).toHaveLength(90);
  });

  it.each([
    ['a name that does not exist', 'none.shop.svc.cluster.local', 'resolve4', 'ENOTFOUND'],
    ['a name without a record of the type', 'web.shop.svc.cluster.local', 'resolve6', 'ENODATA'],
    ['a name that only has names below it', 'shop.svc.cluster.local', 'resolve4', 'ENODATA'],
  ] as const)('says no for %s', async (_, name, method, code) => {
    await expect(resolver[method](name)).rejects.toMatchObject({ code });
  });

  it('survives what is no DNS at all', async () => {
    const socket = createSocket('udp4');
    await new Promise((done) => socket.send('nonsense', port, '127.0.0.1', done));
    socket.close();
    expect(await resolver.resolve4('web.shop.svc.cluster.local')).toEqual(['10.96.0.7']);
  });

  it('reads name servers of a resolv.conf', () => {
    expect(
      nameserversOf('nameserver 127.0.0.53\n nameserver 192.0.2.1\nsearch x\nnameserver 192.0.2.2', ['192.0.2.2']),
    ).toEqual(['192.0.2.1']);
  });
});
