import { createServer } from 'node:net';
import type { V1EndpointSlice, V1Service } from '../api/gen/types.ts';
import { silentLogger } from '../base/log.ts';
import { computeHealthPorts, HealthPorts } from './health-ports.ts';

const service = (spec: V1Service['spec']): V1Service => ({ metadata: { namespace: 'x', name: 'web' }, spec });
const local = service({ externalTrafficPolicy: 'Local', healthCheckNodePort: 30_100 });

function slice(...endpoints: NonNullable<V1EndpointSlice['endpoints']>): V1EndpointSlice {
  const labels = { 'kubernetes.io/service-name': 'web' };
  return { metadata: { namespace: 'x', labels }, addressType: 'IPv4', endpoints };
}

const on = (nodeName: string, address: string, conditions = {}) => ({ addresses: [address], nodeName, conditions });

describe('the endpoints that a health check port counts', () => {
  const cases: Array<[string, V1Service, V1EndpointSlice[], number[]]> = [
    ['none of a service that all nodes answer', service({ externalTrafficPolicy: 'Cluster' }), [], []],
    ['those on the node', local, [slice(on('n1', '10.0.0.1'), on('n2', '10.0.0.2'))], [1]],
    ['each once', local, [slice(on('n1', '10.0.0.1')), slice(on('n1', '10.0.0.1'))], [1]],
    ['those that are ready', local, [slice(on('n1', '10.0.0.1', { ready: false }))], [0]],
  ];
  it.each(cases)('are %s', (_, one, slices, counts) => {
    expect(computeHealthPorts([one], slices, 'n1').map(({ localEndpoints }) => localEndpoints)).toEqual(counts);
  });
});

describe('health check ports', () => {
  const ports = new HealthPorts(silentLogger);
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
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

async function freePort(): Promise<number> {
  const probe = createServer().listen(0);
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as { port: number };
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
