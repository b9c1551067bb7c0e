import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { WebSocket } from 'ws';
import type { V1Pod } from '../../libs/api/gen/types.ts';
import { endpoints } from '../../libs/api/kinds/endpoints.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { services } from '../../libs/api/kinds/service.ts';
import { MachineNode } from '../support/machine-node.ts';
import { type SessionCluster, startSessionCluster } from '../support/session-cluster.ts';
import { until, untilFound } from '../support/until.ts';

const machine = new MachineNode();
let cluster: SessionCluster;
let echo: Server;
let echoPort: number;
let web: HttpServer;
let webPort: number;

beforeAll(async () => {
  cluster = await startSessionCluster();
  echo = createServer((socket) => socket.on('data', (data) => socket.write(`<${data}>`)).on('error', () => {}));
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  echoPort = (echo.address() as { port: number }).port;
  web = createHttpServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    if (request.url?.endsWith('page')) response.setHeader('content-type', 'text/html');
    if (request.url === '/page') response.end('<a href="/x">');
    else if (request.url === '/longpage')
      response.write('x'.repeat(2_500_000), () => response.end('x'.repeat(2_500_000)));
    else response.end(request.url === '/large' ? 'x'.repeat(3_000_000) : `${request.method} ${request.url} ${body}`);
  });
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  webPort = (web.address() as { port: number }).port;
  const link = await cluster.connect('n1');
  link.serve(machine.handlers);
  await until(() => link.connected);
  await cluster.client.create(pods, pod('web', ['main', 'side']));
  const one = await cluster.client.create(pods, pod('one', ['main']));
  const at = { namespace: 'default', name: 'one' };
  link.reportPodStatus({ at, uid: one.metadata?.uid ?? '', status: { phase: 'Running' } });
  await untilFound(
    () => cluster.client.get(pods, at),
    (found) => found.status?.phase === 'Running',
  );
});
afterAll(async () => {
  echo.close();
  web.close();
  await cluster.stop();
});

describe.each([
  ['WebSocket', {}],
  ['SPDY', { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false', KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false' }],
])('kubectl over %s', (_, env) => {
  it('runs a command and gives its output', async () => {
    expect(await kubectl(env, ['exec', 'one', '--', 'echo', 'hello'])).toMatchObject({ stdout: 'hello\n', code: 0 });
  });

  it('keeps standard error apart', async () => {
    const answer = await kubectl(env, ['exec', 'one', '--', 'sh', '-c', 'echo out; echo err >&2']);
    expect(answer).toMatchObject({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('gives the exit code', async () => {
    const answer = await kubectl(env, ['exec', 'one', '--', 'sh', '-c', 'exit 7']);
    expect(answer.code).toBe(7);
  });

  it('carries standard input to its end', async () => {
    const input = 'x'.repeat(3_000_000);
    const answer = await kubectl(env, ['exec', '-i', 'one', '--', 'wc', '-c'], input);
    expect(answer.stdout.trim()).toBe('3000000');
  });

  it('carries much output', async () => {
    const answer = await kubectl(env, ['exec', 'one', '--', 'head', '-c', '5000000', '/dev/zero']);
    expect(answer.stdout.length).toBe(5_000_000);
  });

  it('forwards ports', async () => {
    // A client that had to fall back to the other framing says so at this level.
    const forward = start(env, ['port-forward', 'pod/one', `:${echoPort}`, '-v=4']);
    let said = '';
    forward.stderr?.on('data', (text) => {
      said += text;
    });
    try {
      const line = await firstMatch(forward.stdout!, /127\.0\.0\.1:(\d+)/);
      const answers = await Promise.all(['a', 'b', 'c'].map((text) => ask(Number(line[1]), text)));
      expect(answers).toEqual(['<a>', '<b>', '<c>']);
      expect(said).not.toMatch(/fallback/i);
    } finally {
      forward.kill();
    }
  });

  it.each<[string, string[], RegExp]>([
    ['no such pod', ['exec', 'missing', '--', 'ls'], /pods "missing" not found/],
    ['no such container', ['exec', 'web', '-c', 'nope', '--', 'ls'], /container nope (is not valid|not found)/],
    ['what the node refuses', ['exec', 'one', '--', 'refused'], /not today/],
  ])('says why: %s', async (_name, args, message) => {
    const answer = await kubectl(env, args);
    expect(answer.stderr).toMatch(message);
    expect(answer.code).not.toBe(0);
  });
});

describe('kubectl logs', () => {
  it('gives the lines and follows', async () => {
    expect(await kubectl({}, ['logs', 'one'])).toMatchObject({ stdout: 'first\nsecond\n', code: 0 });
    expect(await kubectl({}, ['logs', 'one', '--tail', '1'])).toMatchObject({ stdout: 'second\n' });
    const follow = start({}, ['logs', '-f', 'one']);
    await firstMatch(follow.stdout!, /tick 3/);
    follow.kill();
    await until(() => machine.following === 0);
  });

  it('asks which container is meant', async () => {
    const answer = await kubectl({}, ['get', '--raw', '/api/v1/namespaces/default/pods/web/log']);
    expect(answer.stderr).toMatch(/a container name must be specified for pod web, choose one of: \[main side\]/);
  });

  it('shows the pages of a node', async () => {
    for (const name of ['n1', 'n1:10250', 'https:n1:10250']) {
      expect(await kubectl({}, ['get', '--raw', `/api/v1/nodes/${name}/proxy/metrics`])).toMatchObject({
        stdout: 'ok',
      });
    }
  });
});

describe('the proxy to pods and services', () => {
  const pod1 = '/api/v1/namespaces/default/pods';

  it('reaches a port of a pod, with path, query, method and body', async () => {
    const answer = await kubectl({}, ['get', '--raw', `${pod1}/one:${webPort}/proxy/a/b?c=d`]);
    expect(answer.stdout).toBe('GET /a/b?c=d ');
    const body = JSON.stringify({ x: 1 });
    const posted = await kubectl({}, ['create', '--raw', `${pod1}/http:one:${webPort}/proxy/p`, '-f', '-'], body);
    expect(posted.stdout).toBe(`POST /p ${body}`);
  });

  it('carries large answers', async () => {
    const answer = await kubectl({}, ['get', '--raw', `${pod1}/one:${webPort}/proxy/large`]);
    expect(answer.stdout.length).toBe(3_000_000);
  });

  it.each([
    ['page', /^<a href="\/api\/v1\/namespaces\/default\/pods\/one:\d+\/proxy\/x">$/, 0],
    ['longpage', /^x/, 5_000_000],
  ])('leads links of a %s through itself where it can', async (path, expected, length) => {
    const answer = await kubectl({}, ['get', '--raw', `${pod1}/one:${webPort}/proxy/${path}`]);
    expect(answer.stdout.slice(0, 200)).toMatch(expected);
    if (length > 0) expect(answer.stdout.length).toBe(length);
  });

  it('finds a pod behind a service', async () => {
    await cluster.client.create(services, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { ports: [{ name: 'http', port: 80 }] },
    });
    await cluster.client.create(endpoints, {
      metadata: { name: 'web', namespace: 'default' },
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1', targetRef: { kind: 'Pod', name: 'one', namespace: 'default' } }],
          ports: [{ name: 'http', port: webPort }],
        },
      ],
    });
    for (const id of ['web:80', 'web:http', 'http:web:http']) {
      const answer = await kubectl({}, ['get', '--raw', `/api/v1/namespaces/default/services/${id}/proxy/x`]);
      expect(answer.stdout).toBe('GET /x ');
    }
    const none = await kubectl({}, ['get', '--raw', '/api/v1/namespaces/default/services/web:81/proxy/x']);
    expect(none.stderr).toMatch(/no service port 81 found/);
  });

  it('says that nothing answers', async () => {
    const answer = await kubectl({}, ['get', '--raw', `${pod1}/one:1/proxy/`]);
    expect(answer.stderr).toMatch(/ECONNREFUSED|error trying to reach service/);
  });
});

describe('the WebSocket protocols of other clients', () => {
  const dial = async (path: string, protocol: string) => {
    const url = `${cluster.url.replace('https', 'wss')}/api/v1/namespaces/default/pods/one/${path}`;
    const { admin, ca } = cluster.pki;
    const credentials = { ca: ca.certificate, cert: admin.certificate, key: admin.key };
    const socket = new WebSocket(url, protocol === '' ? [] : protocol, credentials);
    const messages: Buffer[] = [];
    socket.on('message', (data: Buffer) => messages.push(data));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return { socket, messages, closed: new Promise((resolve) => socket.once('close', resolve)) };
  };

  it.each([
    ['v4.channel.k8s.io', false],
    ['v5.channel.k8s.io', false],
    ['channel.k8s.io', false],
    ['', false],
    ['v4.base64.channel.k8s.io', true],
    ['base64.channel.k8s.io', true],
  ])('%s carries input and output', async (protocol, base64) => {
    const { socket, messages, closed } = await dial('exec?command=cat&stdin=1&stdout=1', protocol);
    const text = () =>
      messages
        .filter((message) => message[0] === (base64 ? 49 : 1))
        .map((message) => (base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1)))
        .join('');
    socket.send(base64 ? `0${Buffer.from('hi').toString('base64')}` : Buffer.from('\0hi'));
    await until(() => text() === 'hi');
    if (protocol.startsWith('v5')) socket.send(Buffer.from([255, 0]));
    else socket.close();
    await closed;
  });

  it.each([
    ['v4.channel.k8s.io', 'true', '{"metadata":{},"status":"Success"}'],
    ['v4.channel.k8s.io', 'false', 'NonZeroExitCode'],
    ['channel.k8s.io', 'true', ''],
    ['channel.k8s.io', 'false', 'error executing command in container: it failed'],
  ])('%s tells how "%s" has ended', async (protocol, command, expected) => {
    const { messages, closed } = await dial(`exec?command=${command}&stdout=1`, protocol);
    await closed;
    const said = messages.filter((message) => message[0] === 3).map((message) => message.toString('latin1', 1));
    if (expected === '') expect(said).toEqual([]);
    else expect(said.join('')).toContain(expected);
  });

  it.each(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])('ports over %s, said at once', async (protocol) => {
    const base64 = protocol.includes('base64');
    const { socket, messages } = await dial(`portforward?ports=${echoPort}&ports=1`, protocol);
    socket.send(base64 ? `0${Buffer.from('early').toString('base64')}` : Buffer.from('\0early'));
    const on = (channel: number) =>
      messages
        .filter((message) => message[0] === (base64 ? 48 + channel : channel))
        .map((message) => (base64 ? Buffer.from(message.toString('latin1', 1), 'base64') : message.subarray(1)));
    await until(() => on(0).length === 2 && on(3).length === 2);
    expect(on(0)[0]!.readUInt16LE()).toBe(echoPort);
    expect(on(0)[1]!.toString()).toBe('<early>');
    expect(on(3)[1]!.toString()).toMatch(/error forwarding port 1 to pod: .*ECONNREFUSED/);
    socket.close();
  });

  it.each(['', 'binary.k8s.io', 'base64.binary.k8s.io'])('logs over "%s"', async (protocol) => {
    const { messages, closed } = await dial('log', protocol);
    await closed;
    const encoding = protocol.startsWith('base64') ? 'base64' : 'utf8';
    expect(messages.map((message) => Buffer.from(message.toString(), encoding)).join('')).toBe('first\nsecond\n');
  });
});

function pod(name: string, containers: string[]): V1Pod {
  return {
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'n1', containers: containers.map((container) => ({ name: container, image: 'x' })) },
  };
}

function start(env: Record<string, string>, args: string[]): ChildProcess {
  return spawn('kubectl', ['--kubeconfig', cluster.kubeconfig, ...args], { env: { ...process.env, ...env } });
}

async function kubectl(env: Record<string, string>, args: string[], input?: string) {
  const running = promisify(execFile)('kubectl', ['--kubeconfig', cluster.kubeconfig, ...args], {
    env: { ...process.env, ...env },
    maxBuffer: 64 << 20,
  });
  running.child.stdin?.end(input);
  try {
    return { ...(await running), code: 0 };
  } catch (error) {
    return error as { stdout: string; stderr: string; code: number };
  }
}

/** Reads on after the match: a program whose output nobody reads is stopped by it. */
function firstMatch(from: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  let text = '';
  return new Promise((resolve, reject) => {
    from.on('data', (data) => {
      text += data;
      const match = pattern.exec(text);
      if (match) resolve(match);
    });
    from.once('close', () => reject(new Error(`${pattern} not in ${text}`)));
  });
}

function ask(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString());
    });
    socket.once('error', reject);
  });
}
