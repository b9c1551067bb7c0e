import { createServer } from 'node:net';
import { quietPort } from '../../test/support/server-process.ts';
import type { V1EndpointSlice, V1Service } from '../api/gen/types.ts';
import { silentLogger } from '../base/log.ts';
import { computeHealthPorts, HealthPorts } from './health-ports.ts';

const service = (spec: V1Service['spec']): V1Service => ({ metadata: { namespace: 'x', name: 'web' }, spec });
const local = service({ externalTrafficPolicy: 'Local', healthCheckNodePort: 30_100 });

function slice(...endpoints: NonNullable<V1EndpointSlice['endpoints']>): V1EndpointSlice {
  const labels = { 'kubernetes.io/service-name': 'web' };
  return { metadata: { namespace: 'x', labels }, addressType: 'IPv4', endpoints };
}

function labelled<T extends V1Service | V1EndpointSlice>(one: T, label: string): T {
  const labels = { ...one.metadata?.labels, [`service.kubernetes.io/${label}`]: 'other' };
  return { ...one, metadata: { ...one.metadata, labels } };
}

const on = (nodeName: string, address: string, conditions = {}) => ({ addresses: [address], nodeName, conditions });

describe('the endpoints that a health check port counts', () => {
  const cases: Array<[string, V1Service, V1EndpointSlice[], number[]]> = [
    ['none of a service that all nodes answer', service({ externalTrafficPolicy: 'Cluster' }), [], []],
    ['those on the node', local, [slice(on('n1', '10.0.0.1'), on('n2', '10.0.0.2'))], [1]],
    ['each once', local, [slice(on('n1', '10.0.0.1')), slice(on('n1', '10.0.0.1'))], [1]],
    ['those that are ready', local, [slice(on('n1', '10.0.0.1', { ready: false }))], [0]],
    ['none of a service that another proxy answers', labelled(local, 'service-proxy-name'), [], []],
    ['none that are left to others', local, [labelled(slice(on('n1', '10.0.0.1')), 'headless')], [0]],
    [
      'of a pod with two addresses one',
      local,
      [slice(on('n1', '10.0.0.1')), { ...slice(on('n1', 'fd00::1')), addressType: 'IPv6' }],
      [1],
    ],
  ];
  it.each(cases)('are %s', (_, one, slices, counts) => {
    expect(computeHealthPorts([one], slices, 'n1').map(({ localEndpoints }) => localEndpoints)).toEqual(counts);
  });

  it('are not looked for when no service has such a port', () => {
    const slices: Iterable<V1EndpointSlice> = {
      [Symbol.iterator]: () => {
        throw new Error('looked at the slices');
      },
    };
    expect(computeHealthPorts([service({ externalTrafficPolicy: 'Local' })], slices, 'n1')).toEqual([]);
  });
});

describe('health check ports', () => {
  const ports = new HealthPorts(silentLogger);
  let port = 0;

  beforeAll(async () => {
    port = await quietPort();
  });

  afterAll(() => ports.stop());

  const shown = (localEndpoints: number) => [{ port, namespace: 'x', name: 'web', localEndpoints }];
  const ask = () => fetch(`http://127.0.0.1:${port}/healthz`);

  it('answer by what is known now, and no more once the service has gone', async () => {
    ports.apply(shown(2));
    const well = await ask();
    const body = { service: { namespace: 'x', name: 'web' }, localEndpoints: 2, serviceProxyHealthy: true };
    expect([well.status, await well.json()]).toEqual([200, body]);
    ports.apply(shown(0));
    expect((await ask()).status).toBe(503);
    ports.apply([]);
    await expect(ask()).rejects.toThrow();
  });

  it('that somebody else has are tried again with the next change', async () => {
    const other = createServer().listen(port);
    await new Promise((resolve) => other.once('listening', resolve));
    ports.apply(shown(1));
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => other.close(resolve));
    ports.apply(shown(1));
    expect((await ask()).status).toBe(200);
  });
});
