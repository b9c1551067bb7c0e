import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type RequestOptions, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { type ClusterPki, ensureClusterPki } from '../../libs/pki/cluster.ts';
import type { Store } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';
import type { ApiServer } from './options.ts';
import { apiServerPki } from './options.ts';
import { bodyBytesMax } from './read-body.ts';
import { startApiServer } from './start.ts';

interface Answer {
  code: number;
  body: Record<string, unknown> & { items?: unknown[]; reason?: string; kind?: string };
  text: string;
}

describe('the API server', () => {
  let home: string;
  let pki: ClusterPki;
  let store: Store;
  let server: ApiServer;
  let admin: Agent;
  const stranger = new Agent({ rejectUnauthorized: false });

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'apiserver-'));
    pki = await ensureClusterPki(join(home, 'pki'), { names: [], ips: [] }, systemClock);
  });

  beforeEach(async () => {
    store = openEmbeddedStore({ path: join(home, 'store') });
    server = await startApiServer({
      store,
      port: 0,
      host: '127.0.0.1',
      pki: apiServerPki(pki),
    });
    admin = new Agent({ keepAlive: true, ca: pki.ca.certificate, cert: pki.admin.certificate, key: pki.admin.key });
  });

  afterEach(async () => {
    admin.destroy();
    await server.stop();
    await store.close();
  });

  afterAll(() => rmSync(home, { recursive: true }));

  function send(path: string, more: RequestOptions & { body?: string } = {}): Promise<Answer> {
    const { body, ...options } = more;
    return new Promise((resolve, reject) => {
      const call = request(`${server.url}${path}`, { agent: admin, ...options }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part) => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          const json = text.startsWith('{') && !text.includes('}\n{') ? JSON.parse(text) : {};
          resolve({ code: response.statusCode ?? 0, body: json, text });
        });
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  const path = '/api/v1/namespaces/default/configmaps';
  const headers = { 'content-type': 'application/json' };
  const post = (name: string) => send(path, { method: 'POST', headers, body: JSON.stringify({ metadata: { name } }) });

  it('makes what every cluster has, and finds it again', async () => {
    const { items } = await server.client.list({
      group: '',
      version: 'v1',
      kind: 'Namespace',
      plural: 'namespaces',
      namespaced: false,
    });
    expect(items.map((item) => item.metadata?.name)).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ]);
    const role = await send('/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin');
    expect(role.code).toBe(200);
    const range = await send('/apis/networking.k8s.io/v1/servicecidrs/kubernetes');
    expect(JSON.parse(range.text)).toMatchObject({
      spec: { cidrs: ['10.96.0.0/16'] },
      status: { conditions: [{ type: 'Ready', status: 'True' }] },
    });
  });

  const refusals: Array<{
    name: string;
    path: string;
    options?: RequestOptions & { body?: string };
    code: number;
    reason: string;
  }> = [
    { name: 'strangers', path: '/api/v1/pods', options: { agent: stranger }, code: 401, reason: 'Unauthorized' },
    {
      name: 'bad tokens',
      path: '/api',
      options: { agent: stranger, headers: { authorization: 'Bearer x' } },
      code: 401,
      reason: 'Unauthorized',
    },
    { name: 'malformed paths', path: '/api/v1/%zz', code: 400, reason: 'BadRequest' },
    {
      name: 'malformed bodies',
      path,
      options: { method: 'POST', headers, body: '{' },
      code: 400,
      reason: 'BadRequest',
    },
    { name: 'no body', path, options: { method: 'POST', headers }, code: 400, reason: 'BadRequest' },
    {
      name: 'huge bodies',
      path,
      options: { method: 'POST', headers, body: 'x'.repeat(bodyBytesMax + 1) },
      code: 413,
      reason: 'RequestEntityTooLarge',
    },
    {
      name: 'unknown formats',
      path,
      options: { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'x' },
      code: 415,
      reason: 'UnsupportedMediaType',
    },
    {
      name: 'forms that are not served',
      path,
      options: { headers: { accept: 'text/html' } },
      code: 406,
      reason: 'NotAcceptable',
    },
    {
      name: 'methods that mean nothing',
      path,
      options: { method: 'PUT', headers, body: '{}' },
      code: 405,
      reason: 'MethodNotAllowed',
    },
    { name: 'unknown resources', path: '/api/v1/nothings', code: 404, reason: 'NotFound' },
    { name: 'versions that are gone', path: `${path}?watch=1&resourceVersion=1`, code: 410, reason: 'Expired' },
  ];
  it.each(refusals)('refuses $name with a Status', async ({ path: at, options, code, reason }) => {
    if (reason === 'Expired') {
      await post('any');
      await server.stop();
      await store.compact((await store.status()).revision);
      await restart();
    }
    const answer = await send(at, options);
    expect([answer.code, answer.body.kind, answer.body.reason]).toEqual([code, 'Status', reason]);
    expect((await send('/livez', { agent: stranger })).code).toBe(200);
  });

  async function restart(): Promise<void> {
    const { caCertificate, serverCertificate, serverKey } = {
      caCertificate: pki.ca.certificate,
      serverCertificate: pki.apiserver.certificate,
      serverKey: pki.apiserver.key,
    };
    const serviceAccountKey = pki.serviceAccount.privateKey;
    const identity = { caCertificate, serverCertificate, serverKey, serviceAccountKey };
    server = await startApiServer({ store, port: 0, host: '127.0.0.1', pki: identity });
  }

  it('survives what is no TLS at all', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1', () => socket.end('GET / HTTP/1.0\r\n\r\n'));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
    });
    expect((await send('/readyz?verbose')).text).toContain('[+]etcd ok');
  });

  it('streams a watch, and ends it when it stops', async () => {
    const { body } = await send(path);
    const { resourceVersion } = body.metadata as { resourceVersion: string };
    const watching = send(`${path}?watch=1&resourceVersion=${resourceVersion}`);
    await post('seen');
    await server.client.delete(configmaps, { namespace: 'default', name: 'seen' });
    await server.stop();
    const lines = (await watching).text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['ADDED', 'DELETED']);
    await restart();
  });

  it('answers lists as tables and as metadata', async () => {
    await post('t');
    const table = await send(path, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect(table.body).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }],
    });
    const only = await send(path, {
      headers: { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' },
    });
    expect(only.body.kind).toBe('PartialObjectMetadataList');
  });

  it.each(['Table', 'PartialObjectMetadataList'])('answers with a %s of the version that is asked for', async (as) => {
    const list = await send(path, { headers: { accept: `application/json;as=${as};v=v1beta1;g=meta.k8s.io` } });
    expect(list.body).toMatchObject({ kind: as, apiVersion: 'meta.k8s.io/v1beta1' });
    const [item] = (list.body.rows ?? list.body.items) as Array<{ object?: object }>;
    const metadata = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1beta1' };
    expect(item?.object ?? item).toMatchObject(metadata);
    const one = as.replace('List', '');
    const single = await send(`${path}/t`, {
      headers: { accept: `application/json;as=${one};v=v1beta1;g=meta.k8s.io` },
    });
    expect(single.body).toMatchObject({ kind: one, apiVersion: 'meta.k8s.io/v1beta1' });
  });
});
