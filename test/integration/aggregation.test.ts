import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { issueAuthority, issueLeaf, newPrivateKey, publicKeyOf } from '../../libs/pki/issue.ts';
import { openScratchApiServer, type ScratchApiServer } from '../support/api-server.ts';

interface Asked {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingHttpHeaders;
  proxy: unknown;
  body: string;
}

const resources = {
  kind: 'APIResourceList',
  groupVersion: 'ships.example.com/v1',
  resources: [
    { name: 'ships', singularName: 'ship', namespaced: true, kind: 'Ship', verbs: ['get', 'list'] },
    { name: 'ships/status', singularName: '', namespaced: true, kind: 'Ship', verbs: ['get'] },
  ],
};

const documentPath = '/openapi/v3/apis/ships.example.com/v1';
const schemas: Readonly<Record<string, object>> = {
  '/openapi/v3': { paths: { 'apis/ships.example.com/v1': { serverRelativeURL: `${documentPath}?hash=A1` } } },
  '/openapi/v2': {
    paths: { '/apis/ships.example.com/v1/ships': { get: { schema: { $ref: '#/definitions/com.example.Ship' } } } },
    definitions: { 'com.example.Ship': { description: 'A ship' } },
  },
  [`${documentPath}?hash=A1`]: { openapi: '3.0.0', info: { title: 'Ships' } },
};

describe('an aggregated API server', () => {
  let scratch: ScratchApiServer;
  let backend: Server;
  let ca: string;
  const asked: Asked[] = [];
  const json = { 'content-type': 'application/json' };

  beforeAll(async () => {
    scratch = await openScratchApiServer();
    const [caKey, key] = await Promise.all([newPrivateKey(), newPrivateKey()]);
    ca = await issueAuthority('ships-ca', caKey, systemClock.now());
    const certificate = await issueLeaf({
      subject: { commonName: 'ships' },
      usage: 'server',
      names: ['ships.default.svc'],
      publicKey: publicKeyOf(key),
      issuer: { certificate: ca, key: caKey },
      nowMs: systemClock.now(),
    });
    const tls = { key, cert: certificate, ca: scratch.frontCa, requestCert: true, rejectUnauthorized: true };
    backend = createServer(tls, async (request, response) => {
      let body = '';
      for await (const part of request) body += part;
      const { method, url, headers } = request;
      const proxy = (request.socket as TLSSocket).getPeerCertificate().subject?.CN;
      asked.push({ method, url, headers, proxy, body });
      if (url === '/apis/ships.example.com/v1') response.end(JSON.stringify(resources));
      else if (url && url in schemas) response.writeHead(200, json).end(JSON.stringify(schemas[url]));
      else if (url?.includes('/missing')) response.writeHead(404, json).end('{"kind":"Status","code":404}');
      else response.writeHead(200, json).end(`{"kind":"Ship","method":"${method}"}`);
    });
    await new Promise<void>((resolve) => backend.listen(0, 'localhost', resolve));
  });

  afterAll(async () => {
    backend.closeAllConnections();
    backend.close();
    await scratch.close();
  });

  const post = (path: string, body: object) =>
    scratch.send(path, { method: 'POST', headers: json, body: JSON.stringify(body) });
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const { code, body } = await scratch.send(path, { headers });
    return { code, body: JSON.parse(body.toString()) };
  };
  const condition = async () =>
    (await get('/apis/apiregistration.k8s.io/v1/apiservices/v1.ships.example.com')).body.status?.conditions?.[0];
  const until = async (reason: string) => {
    for (let tries = 0; tries < 50; tries++) {
      if ((await condition())?.reason === reason) return;
      await sleep(systemClock, 100);
    }
    throw new Error(`the APIService does not become ${reason}: ${JSON.stringify(await condition())}`);
  };

  it('is unavailable while its Service is not there, and then answers in the name of who asks', async () => {
    const { port } = backend.address() as AddressInfo;
    await post('/apis/apiregistration.k8s.io/v1/apiservices', {
      metadata: { name: 'v1.ships.example.com' },
      spec: {
        group: 'ships.example.com',
        version: 'v1',
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        caBundle: Buffer.from(ca).toString('base64'),
        service: { namespace: 'default', name: 'ships', port },
      },
    });
    await until('ServiceNotFound');
    expect((await get('/apis/ships.example.com/v1/namespaces/default/ships/a')).code).toBe(503);
    const spec = { type: 'ExternalName', externalName: 'localhost' };
    await post('/api/v1/namespaces/default/services', { metadata: { name: 'ships' }, spec });
    await until('Passed');

    const impersonated = {
      'impersonate-user': 'jane',
      'impersonate-group': 'system:masters',
      'x-remote-user': 'mallory',
    };
    const found = await get('/apis/ships.example.com/v1/namespaces/default/ships/a?x=1', impersonated);
    expect(found).toEqual({ code: 200, body: { kind: 'Ship', method: 'GET' } });
    const last = asked.at(-1);
    expect(last).toMatchObject({
      url: '/apis/ships.example.com/v1/namespaces/default/ships/a?x=1',
      proxy: 'front-proxy-client',
    });
    expect(last?.headers).toMatchObject({
      'x-remote-user': 'jane',
      'x-remote-group': 'system:masters, system:authenticated',
    });
    expect(last?.headers).not.toHaveProperty('impersonate-user');
    expect((await get('/apis/ships.example.com/v1/missing')).code).toBe(404);
  });

  it('is sent bodies, and asked only for those who may', async () => {
    const path = '/apis/ships.example.com/v1/namespaces/default/ships';
    const { code } = await post(path, { kind: 'Ship', cargo: 'tea' });
    expect(code).toBe(200);
    expect(asked.at(-1)).toMatchObject({ method: 'POST', body: '{"kind":"Ship","cargo":"tea"}' });
    const before = asked.length;
    expect((await get(path, { 'impersonate-user': 'nobody' })).code).toBe(403);
    expect(asked.length).toBe(before);
  });

  it('stands in discovery beside what this server has', async () => {
    const { body: groups } = await get('/apis');
    expect(groups.groups).toContainEqual(expect.objectContaining({ name: 'ships.example.com' }));
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const { body } = await get('/apis', { accept });
    const group = body.items.find((one: { metadata: { name: string } }) => one.metadata.name === 'ships.example.com');
    expect(group.versions).toMatchObject([
      {
        version: 'v1',
        freshness: 'Current',
        resources: [
          { resource: 'ships', scope: 'Namespaced', verbs: ['get', 'list'], subresources: [{ subresource: 'status' }] },
        ],
      },
    ]);
    expect((await get('/apis/ships.example.com/v1')).body).toEqual(resources);
  });

  it('stands in OpenAPI with its own documents', async () => {
    const { paths } = (await get('/openapi/v3')).body;
    const address = paths['apis/ships.example.com/v1'].serverRelativeURL;
    expect((await get(address)).body).toEqual(schemas[address]);
    const { definitions } = (await get('/openapi/v2')).body;
    expect(definitions).toMatchObject({ 'com.example.Ship': { description: 'A ship' } });
    expect(definitions).toHaveProperty(['io.k8s.api.core.v1.Pod']);
  });

  it('tells it whom to believe', async () => {
    const { body } = await get('/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication');
    expect(body.data).toMatchObject({
      'requestheader-client-ca-file': scratch.frontCa,
      'requestheader-username-headers': '["X-Remote-User"]',
      'requestheader-allowed-names': '["front-proxy-client"]',
    });
  });
});
