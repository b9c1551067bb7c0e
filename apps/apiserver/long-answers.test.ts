import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { connect } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { decodeProtobuf } from '../../libs/wire/kubernetes/decode.ts';
import { openScratchApiServer, type ScratchApiServer } from '../../test/support/api-server.ts';
import { sendPieces } from './long-answers.ts';
import { partBytes } from './part-buffers.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const tableType = 'application/json;as=Table;g=meta.k8s.io;v=v1';
/** Together far more than what sockets and parts hold. */
const objects = 14;
const objectLetters = 900_000;
const fillMsMax = 30_000;
/** What a small answer takes at most, on a busy machine too; ten long ones in its way would take seconds. */
const quickMsMax = 200;

interface List {
  items: Array<{ metadata: { name: string }; data: { text: string } }>;
}

describe('long answers', () => {
  let api: ScratchApiServer;

  beforeAll(async () => {
    api = await openScratchApiServer();
    const create = (index: number) => {
      const metadata = { name: `long-${String(index).padStart(2, '0')}`, annotations: { note: 'é'.repeat(2_000) } };
      const text = `${index}ü`.padEnd(objectLetters, 'x');
      return api.send(configMaps, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text } }),
      });
    };
    await Promise.all(Array.from({ length: objects }, (_, index) => create(index)));
  }, fillMsMax);

  afterAll(() => api.close());

  const check = (body: Buffer) => {
    const { items } = JSON.parse(body.toString()) as List;
    expect(items.map(({ metadata }) => metadata.name)).toEqual(
      Array.from({ length: objects }, (_, index) => `long-${String(index).padStart(2, '0')}`),
    );
    const whole = items.every(({ data }, index) => data.text === `${index}ü`.padEnd(objectLetters, 'x'));
    expect(whole).toBe(true);
  };

  it('arrive whole in chunks', async () => {
    const { headers, body } = await api.send(configMaps);
    expect(headers['transfer-encoding']).toBe('chunked');
    check(body);
  });

  it('arrive whole over HTTP/2', async () => {
    const session = api.connect();
    const stream = session.request({ ':path': configMaps });
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    await once(stream, 'end');
    check(Buffer.concat(parts));
    session.close();
  });

  it('are compressed on the way for those who can read it', async () => {
    const { headers, body } = await api.send(configMaps, { headers: { 'accept-encoding': 'gzip' } });
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(body.length).toBeLessThan((objects * objectLetters) / 20);
    check(gunzipSync(body));
  });

  it('may be tables and YAML', async () => {
    const table = await api.send(configMaps, { headers: { accept: tableType } });
    const { rows } = JSON.parse(table.body.toString()) as { rows: Array<{ object: List['items'][number] }> };
    expect(rows).toHaveLength(objects);
    const yaml = await api.send(`${configMaps}?limit=2`, { headers: { accept: 'application/yaml' } });
    expect(yaml.body.toString()).toContain('name: long-01');
  });

  it('may be protobuf', async () => {
    const { body } = await api.send(configMaps, { headers: { accept: 'application/vnd.kubernetes.protobuf' } });
    check(Buffer.from(JSON.stringify(decodeProtobuf(body))));
  });

  it('leave the connection to the next request', async () => {
    const { ca, cert, key } = api.credentials;
    const socket = connect({ host: '127.0.0.1', port: api.server.port, ca, cert, key, servername: 'localhost' });
    let text = '';
    // Only what could hold a head is kept.
    socket.setEncoding('latin1').on('data', (part: string) => {
      text += part.replace(/x{100,}/g, '');
    });
    socket.write(`GET ${configMaps} HTTP/1.1\r\nhost: a\r\n\r\nGET /version HTTP/1.1\r\nhost: a\r\n\r\n`);
    while (!text.includes('gitVersion')) await once(socket, 'data');
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    socket.destroy();
  });

  it('neither gather in memory nor hold others up when their readers are slow', async () => {
    const { ca, cert, key } = api.credentials;
    const before = process.memoryUsage().arrayBuffers;
    const sockets = Array.from({ length: 10 }, () => {
      const socket = connect({ host: '127.0.0.1', port: api.server.port, ca, cert, key, servername: 'localhost' });
      socket.on('error', () => {});
      socket.write(`GET ${configMaps} HTTP/1.1\r\nhost: a\r\n\r\n`);
      return socket;
    });
    // Each has the beginning of its answer before it, and takes none of it.
    await Promise.all(sockets.map((socket) => once(socket, 'readable')));
    const tookMs: number[] = [];
    for (let index = 0; index < 20; index++) {
      const from = performance.now();
      await api.send('/api/v1/namespaces/default');
      tookMs.push(performance.now() - from);
    }
    expect(median(tookMs)).toBeLessThan(quickMsMax);
    // Ten answers are 126 MB: only the parts on the way are held.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(3 * objects * objectLetters);
    for (const socket of sockets) {
      expect(String(socket.read())).toMatch(/^HTTP\/1\.1 200 /);
      expect(socket.closed).toBe(false);
      socket.destroy();
    }
  });
});

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

it('a long answer whose texts cannot all be made leaves no listener behind', async () => {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  const before = response.listenerCount('close');
  const broken = function* () {
    yield 'x'.repeat(partBytes);
    throw new Error('no such text');
  };
  await expect(sendPieces(response, broken())).rejects.toThrow('no such text');
  expect(response.headersSent).toBe(true);
  expect(response.listenerCount('close')).toBe(before);
});
