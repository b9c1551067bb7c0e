import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import { decodeProtobuf, protobufMagic } from '../../libs/wire/kubernetes/decode.ts';
import { encodeProtobuf } from '../../libs/wire/kubernetes/encode.ts';
import { openScratchApiServer, type RawAnswer, type ScratchApiServer } from '../../test/support/api-server.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const goClient = { accept: `${protobuf},application/json`, 'content-type': protobuf };
const configMaps = '/api/v1/namespaces/default/configmaps';

const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
});

const widgets = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    scope: 'Namespaced',
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};
const widgetPath = '/apis/example.org/v1/namespaces/default/widgets';

describe('encodings', () => {
  let api: ScratchApiServer;

  beforeAll(async () => {
    api = await openScratchApiServer();
  });

  afterAll(() => api.close());

  const post = (path: string, object: Parameters<typeof encodeProtobuf>[0]) =>
    api.send(path, { method: 'POST', headers: goClient, body: encodeProtobuf(object) });
  const plain = (answer: RawAnswer) => decodeProtobuf(answer.body) as Record<string, never>;

  it('answers every verb in the protobuf that it was asked in', async () => {
    const at = `${configMaps}/spoken`;
    const created = await post(configMaps, configMap('spoken', { a: 'ü' }));
    expect([created.code, created.headers['content-type'], plain(created).data]).toEqual([201, protobuf, { a: 'ü' }]);
    const changed = { ...(plain(created) as unknown as ReturnType<typeof configMap>), data: { a: '2' } };
    const body = encodeProtobuf(changed);
    expect(plain(await api.send(at, { method: 'PUT', headers: goClient, body })).data).toEqual({ a: '2' });
    const patched = await api.send(at, {
      method: 'PATCH',
      headers: { ...goClient, 'content-type': 'application/merge-patch+json' },
      body: '{"data":{"b":"3"}}',
    });
    expect(plain(patched).data).toEqual({ a: '2', b: '3' });
    expect(plain(await api.send(at, { headers: goClient }))).toEqual(plain(patched));
    const list = plain(await api.send(`${configMaps}?fieldSelector=metadata.name=spoken`, { headers: goClient }));
    expect(list).toMatchObject({ kind: 'ConfigMapList', items: [{ metadata: { name: 'spoken' } }] });
    const options = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'another' } };
    const refused = await api.send(at, { method: 'DELETE', headers: goClient, body: encodeProtobuf(options) });
    expect([refused.code, plain(refused).reason]).toEqual([409, 'Conflict']);
    const gone = await api.send(at, { method: 'DELETE', headers: goClient });
    expect(plain(gone)).toMatchObject({ kind: 'Status', status: 'Success' });
    expect(plain(await api.send(at, { headers: goClient })).reason).toBe('NotFound');
  });

  it('sends frames of complete objects to those who watch', async () => {
    const { metadata } = plain(await api.send(configMaps, { headers: goClient })) as { metadata: never };
    const { resourceVersion } = metadata as { resourceVersion: string };
    const query = `watch=1&timeoutSeconds=1&resourceVersion=${resourceVersion}`;
    const watching = api.send(`${configMaps}?${query}`, { headers: goClient });
    await post(configMaps, configMap('watched'));
    const { headers, body } = await watching;
    expect(headers['content-type']).toBe(`${protobuf};stream=watch`);
    const frame = body.subarray(4, 4 + body.readUInt32BE());
    expect(frame.subarray(2, 7).toString()).toBe('ADDED');
    expect(decodeProtobuf(frame.subarray(frame.indexOf(protobufMagic)))).toMatchObject({
      metadata: { name: 'watched' },
    });
  });

  it('has no protobuf for custom kinds, save for their metadata and what is refused', async () => {
    await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', widgets);
    const both = await api.send(widgetPath, { headers: goClient });
    expect(both.headers['content-type']).toBe('application/json');
    const only = await api.send(widgetPath, { headers: { accept: protobuf } });
    expect([only.code, plain(only).reason]).toEqual([406, 'NotAcceptable']);
    const sent = await post(widgetPath, configMap('w'));
    expect([sent.code, plain(sent).reason]).toEqual([415, 'UnsupportedMediaType']);
    const accept = `${protobuf};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
    expect(plain(await api.send(widgetPath, { headers: { accept } })).kind).toBe('PartialObjectMetadataList');
  });

  const preferences: Array<[string, string]> = [
    [`${protobuf},application/json`, protobuf],
    [`application/json,${protobuf}`, 'application/json'],
    [`application/json;q=0.5,${protobuf}`, protobuf],
    [`${protobuf};as=Table;g=meta.k8s.io;v=v1,application/json;as=Table;g=meta.k8s.io;v=v1`, 'application/json'],
    ['application/yaml', 'application/yaml'],
    ['text/html,*/*', 'application/json'],
  ];
  it.each(preferences)('answers %s with %s', async (accept, contentType) => {
    expect((await api.send(configMaps, { headers: { accept } })).headers['content-type']).toBe(contentType);
  });

  it('shows no table of what is only asked, not kept', async () => {
    const answer = await api.send('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
      method: 'POST',
      headers: { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1', 'content-type': 'application/json' },
      body: JSON.stringify({ spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } }),
    });
    expect(answer.code).toBe(406);
  });

  it('compresses long answers for those who can read them', async () => {
    await post(configMaps, configMap('long', { text: 'x'.repeat(200_000) }));
    const at = `${configMaps}/long`;
    const [short, long] = [await api.send(at), await api.send(at, { headers: { 'accept-encoding': 'br, gzip' } })];
    expect(long.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'Accept-Encoding' });
    expect(long.body.length).toBeLessThan(5_000);
    expect(gunzipSync(long.body)).toEqual(short.body);
    const little = await api.send('/api/v1/namespaces/default', { headers: { 'accept-encoding': 'gzip' } });
    expect(little.headers['content-encoding']).toBeUndefined();
  });

  const discoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const documents: Array<[string, string]> = [
    ['/api', discoveryType],
    ['/apis', discoveryType],
    ['/openapi/v3/apis/coordination.k8s.io/v1', 'application/json'],
  ];
  it.each(documents)('keeps %s: compressed for those who can read it, and not sent again', async (path, accept) => {
    const whole = await api.send(path, { headers: { accept } });
    const less = await api.send(path, { headers: { accept, 'accept-encoding': 'gzip' } });
    expect(less.headers).toMatchObject({ 'content-encoding': 'gzip', etag: whole.headers.etag });
    expect(less.body.length).toBeLessThan(whole.body.length / 5);
    expect(gunzipSync(less.body)).toEqual(whole.body);
    const known = { accept, 'if-none-match': `"other", ${String(whole.headers.etag)}` };
    const again = await api.send(path, { headers: known });
    expect([again.code, again.body.length]).toEqual([304, 0]);
  });

  it('has other aggregated discovery once there are other kinds', async () => {
    const headers = { accept: discoveryType };
    const before = await api.send('/apis', { headers });
    await post('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
      ...widgets,
      metadata: { name: 'gadgets.example.org' },
      spec: {
        ...widgets.spec,
        names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
      },
    });
    for (;;) {
      const after = await api.send('/apis', { headers });
      if (after.headers.etag === before.headers.etag) continue;
      expect(after.body.toString()).toContain('"gadgets"');
      break;
    }
  });

  it('speaks HTTP/2 with those who prefer it: many requests on one connection', async () => {
    const session = api.connect();
    const answers = ['/version', configMaps, '/api/v1/nothings'].map(async (path) => {
      const stream = session.request({ ':path': path });
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      stream.resume();
      await once(stream, 'end');
      return headers[':status'];
    });
    expect(await Promise.all(answers)).toEqual([200, 200, 404]);
    const stream = session.request({ ':path': configMaps, ':method': 'POST', 'content-type': 'application/json' });
    stream.end(JSON.stringify(configMap('second')));
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    expect(headers[':status']).toBe(201);
    stream.resume();
    session.close();
    await once(session, 'close');
  });
});
