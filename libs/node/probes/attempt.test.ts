import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { V1Probe } from '../../api/gen/types.ts';
import { systemClock } from '../../base/clock.ts';
import { RuntimeError } from '../../runtime/runtime.ts';
import { SimulatedRuntime } from '../../runtime/simulated/runtime.ts';
import { runHook } from '../hooks.ts';
import { attemptProbe } from './attempt.ts';

const host = '127.0.0.1';
const runtime = new SimulatedRuntime({ clock: systemClock });
const timeoutMs = 500.5;
const answers: Record<string, [number, Record<string, string>]> = {
  '/ok': [200, {}],
  '/missing': [404, {}],
  '/away': [302, { location: 'http://elsewhere.invalid/' }],
  '/near': [302, { location: '/ok' }],
  '/circle': [302, { location: '/circle' }],
};
const statusOf: Record<string, number> = { good: 1, bad: 2 };

describe('attemptProbe', () => {
  let web: Server;
  let grpc: Http2Server;
  let port: number;
  let grpcPort: number;
  const asked: string[] = [];

  beforeAll(async () => {
    web = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers['user-agent']} ${request.headers['x-own'] ?? ''}`.trim());
      const [status, headers] = answers[request.url ?? ''] ?? [0, {}];
      // What is not known is never answered.
      if (status > 0) response.writeHead(status, headers).end(request.url === '/away' ? 'elsewhere' : undefined);
    });
    grpc = createHttp2Server();
    grpc.on('stream', (stream) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const service = Buffer.concat(chunks).subarray(7).toString();
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': service in statusOf ? '0' : '5' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, statusOf[service] ?? 0]));
      });
    });
    await new Promise<void>((resolve) => web.listen(0, host, resolve));
    await new Promise<void>((resolve) => grpc.listen(0, host, resolve));
    port = (web.address() as AddressInfo).port;
    grpcPort = (grpc.address() as AddressInfo).port;
  });
  afterAll(() => {
    web.closeAllConnections();
    web.close();
    grpc.close();
  });

  const container = () => ({ name: 'c', ports: [{ name: 'web', containerPort: port }] });
  const attempt = (probe: V1Probe) =>
    attemptProbe(runtime, probe, { container: container(), containerId: 'none', podIp: host }, timeoutMs);

  it.each([
    ['/ok', 'success', ''],
    ['/missing', 'failure', 'HTTP probe failed with statuscode: 404'],
    ['/near', 'success', ''],
    ['/away', 'success', 'Probe terminated redirects, Response body: elsewhere'],
    ['/circle', 'failure', 'stopped after 10 redirects'],
    ['/silent', 'failure', 'context deadline exceeded'],
  ])('GETs %s: %s', async (path, outcome, message) => {
    const found = await attempt({ httpGet: { path, port: 'web' } });
    expect(found.outcome).toBe(outcome);
    expect(found.message).toContain(message);
  });

  it('sends its own headers', async () => {
    asked.length = 0;
    await attempt({ httpGet: { path: '/ok', port, httpHeaders: [{ name: 'X-Own', value: 'v' }] } });
    expect(asked).toEqual(['/ok kube-probe/1.36 v']);
  });

  it('names a port that is not there', async () => {
    expect(await attempt({ httpGet: { port: 'none' } })).toMatchObject({ message: 'couldn\'t find port: "none"' });
  });

  it('connects', async () => {
    expect(await attempt({ tcpSocket: { port } })).toMatchObject({ outcome: 'success' });
    const refused = await attempt({ tcpSocket: { port: 1 } });
    expect(refused).toEqual({ outcome: 'failure', message: `dial tcp ${host}:1: connect: connection refused` });
  });

  it.each([
    ['good', 'success', ''],
    ['bad', 'failure', 'NOT_SERVING'],
    ['unknown', 'failure', 'code = 5'],
  ])('asks the health of the service %s: %s', async (service, outcome, message) => {
    const found = await attempt({ grpc: { port: grpcPort, service } });
    expect(found.outcome).toBe(outcome);
    expect(found.message).toContain(message);
  });

  it.each([
    ['a command that is cut short', new RuntimeError('deadline', 'late'), 'failure'],
    ['a runtime that cannot say', new RuntimeError('unavailable', 'gone'), 'unknown'],
  ])('%s', async (_, error, outcome) => {
    const failing = new SimulatedRuntime({ clock: systemClock });
    failing.execSync = async () => {
      throw error;
    };
    const target = { container: container(), containerId: 'x', podIp: host };
    expect((await attemptProbe(failing, { exec: { command: ['x'] } }, target, timeoutMs)).outcome).toBe(outcome);
  });

  it('runs an HTTP hook within what is left of a grace period', async () => {
    asked.length = 0;
    const target = { container: container(), containerId: 'x', podIp: host };
    await runHook({ runtime, clock: systemClock }, { httpGet: { path: '/ok', port } }, target, 14_999.97);
    expect(asked).toEqual(['/ok kube-lifecycle/1.36']);
  });
});
