import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { Status } from '../../libs/base/status.ts';
import { Cluster, eventually } from './cluster.ts';

const cluster = Cluster.shared();
const pki = (name: string) => readFileSync(join(cluster.home, 'pki', name));
let namespace = '';
let server: URL;
let agent: Agent;

interface Reply {
  code: number;
  body: Status & Record<string, unknown>;
  warning: string | undefined;
}

function send(
  method: string,
  path: string,
  options: { body?: string; type?: string; headers?: Record<string, string>; by?: Agent } = {},
): Promise<Reply> {
  const headers = { 'content-type': options.type ?? 'application/json', ...options.headers };
  return new Promise((resolve, reject) => {
    const sent = request(
      { agent: options.by ?? agent, host: server.hostname, port: server.port, method, path, headers },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          const warning = answer.headers.warning as string | undefined;
          resolve({ code: answer.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text, warning });
        });
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

const pods = () => `/api/v1/namespaces/${namespace}/pods`;
const pod = (spec: unknown, metadata: unknown = { name: 'p' }) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
const container = { name: 'c', image: 'localhost/berth/busybox:1' };

beforeAll(async () => {
  namespace = await cluster.makeNamespace('bad');
  server = new URL((await cluster.kubectl('config view --minify -o jsonpath={.clusters[0].cluster.server}')).trim());
  agent = new Agent({ ca: pki('ca.crt'), cert: pki('admin.crt'), key: pki('admin.key'), keepAlive: true });
});
afterAll(async () => {
  agent.destroy();
  await cluster.dropNamespace(namespace);
});

describe('bad input is refused with a Status that names the field', () => {
  it.each([
    ['malformed JSON', '{"apiVersion":', 400, undefined],
    ['a body that is no object', '[]', 400, undefined],
    ['a wrong type', pod({ containers: 'none' }), 400, undefined],
    ['a bad name', pod({ containers: [container] }, { name: 'No_Good' }), 422, 'metadata.name'],
    ['a bad label', pod({ containers: [container] }, { name: 'p', labels: { 'a b': 'c' } }), 422, 'metadata.labels'],
    ['no containers', pod({ containers: [] }), 422, 'spec.containers'],
    [
      'a bad quantity',
      pod({ containers: [{ ...container, resources: { limits: { memory: '-1Gi' } } }] }),
      422,
      'spec.containers[0].resources.limits[memory]',
    ],
    ['a duplicate container', pod({ containers: [container, container] }), 422, 'spec.containers[1].name'],
    [
      'a missing volume',
      pod({ containers: [{ ...container, volumeMounts: [{ name: 'v', mountPath: '/v' }] }] }),
      422,
      'spec.containers[0].volumeMounts[0].name',
    ],
  ])('%s', async (_, body, code, field) => {
    const reply = await send('POST', pods(), { body });
    expect(reply).toMatchObject({ code, body: { kind: 'Status', status: 'Failure' } });
    expect(reply.body.message).toBeTruthy();
    if (field) expect(reply.body.details?.causes?.map((cause) => cause.field)).toContain(field);
  });

  it('malformed YAML', async () => {
    const reply = await send('POST', pods(), { body: 'a: [1, 2', type: 'application/yaml' });
    expect(reply).toMatchObject({ code: 400, body: { reason: 'BadRequest' } });
  });

  it.each([
    ['Strict', 400, false],
    ['Warn', 201, true],
    ['Ignore', 201, false],
  ])('unknown fields: %s', async (validation, code, warns) => {
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `u-${validation.toLowerCase()}`, colour: 'red' },
    });
    const reply = await send('POST', `/api/v1/namespaces/${namespace}/configmaps?fieldValidation=${validation}`, {
      body,
    });
    expect(reply.code).toBe(code);
    expect(Boolean(reply.warning)).toBe(warns);
    if (code === 400) expect(reply.body.message).toContain('metadata.colour');
  });

  it.each([
    ['a media type that is not known', () => send('POST', pods(), { body: 'x', type: 'text/plain' }), 415],
    ['a body that is too large', () => send('POST', pods(), { body: `"${'x'.repeat(4 << 20)}"` }), 413],
    ['a path that does not exist', () => send('GET', '/api/v1/namespaces/default/things'), 404],
    ['a method that is not served', () => send('POST', `${pods()}/p`, { body: '{}' }), 405],
    [
      'a selector that cannot be parsed',
      () => send('GET', `${pods()}?labelSelector=${encodeURIComponent('a in (')}`),
      400,
    ],
    ['a field that cannot be selected', () => send('GET', `${pods()}?fieldSelector=spec.colour%3Dred`), 400],
    ['a version of the far future', () => send('GET', `${pods()}?watch=1&resourceVersion=99999999999`), 504],
    [
      'a patch of a pod that is not there',
      () => send('PATCH', `${pods()}/none`, { body: '{}', type: 'application/merge-patch+json' }),
      404,
    ],
  ])('%s', async (_, ask, code) => {
    expect(await ask()).toMatchObject({ code, body: { kind: 'Status', code } });
  });
});

describe('strangers', () => {
  it('are refused without credentials and with a wrong token', async () => {
    const stranger = new Agent({ ca: pki('ca.crt') });
    expect((await send('GET', pods(), { by: stranger })).code).toBe(401);
    expect((await send('GET', pods(), { by: stranger, headers: { authorization: 'Bearer nonsense' } })).code).toBe(401);
    expect((await send('GET', '/healthz', { by: stranger })).code).toBe(200);
    stranger.destroy();
  });

  it('cannot join with a wrong token', async () => {
    const stranger = new Agent({ ca: pki('ca.crt') });
    const body = JSON.stringify({ token: 'abcdef.0123456789abcdef', csr: 'x' });
    const reply = await send('POST', '/berth/v1/join', {
      by: stranger,
      body,
      headers: { authorization: 'Bearer abcdef.0123456789abcdef' },
    });
    expect(reply.code).toBe(401);
    stranger.destroy();
  });

  it('that speak no TLS, break off or dawdle do no harm', async () => {
    const plain = connectTcp(Number(server.port), server.hostname);
    plain.on('error', () => {});
    plain.write('GET / HTTP/1.0\r\n\r\n');
    const broken = connectTls({ host: server.hostname, port: Number(server.port), rejectUnauthorized: false });
    broken.on('error', () => {});
    broken.once('secureConnect', () => {
      broken.write(`POST ${pods()} HTTP/1.1\r\ncontent-length: 1000\r\n\r\n{`);
      broken.destroy();
    });
    await eventually(async () => expect((await send('GET', '/readyz')).code).toBe(200));
    plain.destroy();
  });
});
