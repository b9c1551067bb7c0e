import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { pods } from '../../libs/api/kinds/pod.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { isStatus, StatusError } from '../../libs/base/status.ts';
import { HttpClient } from '../../libs/client/http.ts';
import { type ClusterPki, ensureClusterPki } from '../../libs/pki/cluster.ts';
import { makePod } from '../support/make-pod.ts';

interface Seen {
  method: string | undefined;
  url: string | undefined;
  body: string;
  headers: IncomingMessage['headers'];
  certificate: boolean;
}

let home = '';
let pki: ClusterPki;
let server: Server;
let client: HttpClient;
const seen: Seen[] = [];
let answer: (request: Seen, response: ServerResponse) => void = (_request, response) => response.end('{}');

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'berth-http-'));
  pki = await ensureClusterPki(home, { names: ['localhost'], ips: ['127.0.0.1'] }, systemClock);
  const tls = { key: pki.apiserver.key, cert: pki.apiserver.certificate, ca: pki.ca.certificate, requestCert: true };
  server = createServer({ ...tls, rejectUnauthorized: false }, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { method, url, headers } = request;
    const certificate = (request.socket as TLSSocket).authorized;
    const call = { method, url, body, headers, certificate };
    seen.push(call);
    answer(call, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  client = new HttpClient(options());
});

afterAll(async () => {
  client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(home, { recursive: true });
});

beforeEach(() => {
  seen.length = 0;
});

const options = () => ({
  server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
  ca: pki.ca.certificate,
  cert: pki.admin.certificate,
  key: pki.admin.key,
  userAgent: 'test',
});

const at = { namespace: 'default', name: 'a' };
const json =
  (value: unknown, code = 200) =>
  (_request: Seen, response: ServerResponse) => {
    response.statusCode = code;
    response.end(JSON.stringify(value));
  };

describe('HttpClient', () => {
  it.each([
    ['get', () => client.get(pods, at), 'GET /api/v1/namespaces/default/pods/a'],
    [
      'list all',
      () => client.list(pods, { labelSelector: 'a=b', limit: 5 }),
      'GET /api/v1/pods?labelSelector=a%3Db&limit=5',
    ],
    ['create', () => client.create(pods, makePod('a').build()), 'POST /api/v1/namespaces/default/pods'],
    [
      'update of status',
      () => client.update(pods, makePod('a').build(), { subresource: 'status' }),
      'PUT /api/v1/namespaces/default/pods/a/status',
    ],
    [
      'dry run',
      () => client.update(pods, makePod('a').build(), { dryRun: true }),
      'PUT /api/v1/namespaces/default/pods/a?dryRun=All',
    ],
    [
      'apply',
      () => client.patch(pods, at, { type: 'apply', body: {}, force: true }, { fieldManager: 'm' }),
      'PATCH /api/v1/namespaces/default/pods/a?fieldManager=m&force=true',
    ],
    ['delete', () => client.delete(pods, at, { gracePeriodSeconds: 0 }), 'DELETE /api/v1/namespaces/default/pods/a'],
  ])('%s', async (_name, call, want) => {
    answer = json({ items: [] });
    await call();
    expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual([want]);
    expect(seen[0]?.certificate).toBe(true);
  });

  it('sends what a deletion asks for', async () => {
    answer = json({});
    await client.delete(pods, at, { propagationPolicy: 'Foreground', preconditions: { uid: 'u' } });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      propagationPolicy: 'Foreground',
      preconditions: { uid: 'u' },
    });
  });

  it('gives the items of a list their kind', async () => {
    answer = json({ metadata: { resourceVersion: '7', continue: 'c' }, items: [{ metadata: { name: 'a' } }] });
    expect(await client.list(pods)).toEqual({
      resourceVersion: '7',
      continue: 'c',
      items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }],
    });
  });

  it.each([
    {
      name: 'a Status',
      body: new StatusError('AlreadyExists', 'there', { details: { name: 'a' } }).toStatus(),
      code: 409,
      reason: 'AlreadyExists',
    },
    { name: 'no Status', body: 'nope', code: 403, reason: 'Forbidden' },
    { name: 'a broken gateway', body: 'oops', code: 502, reason: 'InternalError' },
  ])('maps refusals: $name', async ({ body, code, reason }) => {
    answer = json(body, code);
    await expect(client.get(pods, at)).rejects.toMatchObject({ reason, code });
  });

  it('tells what it cannot reach', async () => {
    const nowhere = new HttpClient({ ...options(), server: 'https://127.0.0.1:1' });
    await expect(nowhere.get(pods, at)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    const stranger = new HttpClient({ ...options(), serverName: 'elsewhere.example' });
    await expect(stranger.get(pods, at)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
  });

  it('reads a watch whatever the cuts between its chunks, and ends with the signal', async () => {
    const events = ['ADDED', 'MODIFIED', 'BOOKMARK'].map((type, i) => ({
      type,
      object: { metadata: { name: 'é', resourceVersion: String(i) } },
    }));
    answer = (_request, response) => {
      const bytes = Buffer.from(`${events.map((event) => JSON.stringify(event)).join('\n')}\n{"type":"ADD`);
      for (let i = 0; i < bytes.length; i += 7) response.write(bytes.subarray(i, i + 7));
    };
    const abort = new AbortController();
    const found: unknown[] = [];
    for await (const batch of client.watch(pods, { resourceVersion: '0', signal: abort.signal })) {
      found.push(...batch);
      if (found.length === 3) abort.abort();
    }
    expect(found).toEqual(events);
    expect(seen[0]?.url).toBe('/api/v1/pods?resourceVersion=0&watch=true&allowWatchBookmarks=true');
  });

  it('asks for metadata alone where nothing else is wanted', async () => {
    answer = json({ items: [{ metadata: { name: 'a' } }], metadata: { resourceVersion: '7' } });
    const found = await client.list(pods, { metadataOnly: true });
    expect(found.items[0]?.metadata).toEqual({ name: 'a' });
    answer = (_request, response) => response.end();
    const abort = new AbortController();
    for await (const _ of client.watch(pods, { resourceVersion: '7', signal: abort.signal, metadataOnly: true }));
    expect(seen.map(({ headers }) => headers.accept?.split(';')[1])).toEqual([
      'as=PartialObjectMetadataList',
      'as=PartialObjectMetadata',
    ]);
    expect(seen[0]?.url).toBe('/api/v1/pods');
  });

  it('a watch that expired says so', async () => {
    const status = new StatusError('Expired', 'too old').toStatus();
    answer = (_request, response) => response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    const watching = async () => {
      for await (const _ of client.watch(pods, { resourceVersion: '1', signal: new AbortController().signal }));
    };
    const error = await watching().catch((caught: unknown) => caught);
    expect(isStatus(error, 'Expired')).toBe(true);
  });

  it('sends a token afresh with each request', async () => {
    answer = json({});
    let token = 'one';
    const bearer = new HttpClient({ ...options(), token: () => token });
    await bearer.get(pods, at);
    token = 'two';
    await bearer.get(pods, at);
    expect(seen.map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
    bearer.close();
  });
});
