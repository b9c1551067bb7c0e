import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grpcTransport } from '../../apps/agent/grpc-transport.ts';
import { ensureIdentity } from '../../apps/agent/join.ts';
import { type NodeSessionExtension, nodeSessionExtension } from '../../apps/apiserver/node-session/extension.ts';
import type { ApiServer } from '../../apps/apiserver/options.ts';
import { startApiServer } from '../../apps/apiserver/start.ts';
import type { V1ConfigMap, V1Node, V1Pod } from '../../libs/api/gen/types.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { leases } from '../../libs/api/kinds/lease.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { secrets } from '../../libs/api/kinds/secret.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { StatusError } from '../../libs/base/status.ts';
import type { ByteStream, NodeHandlers, NodeLink } from '../../libs/node/link.ts';
import { createNodeLink } from '../../libs/node/session/node-link.ts';
import { newBootstrapToken } from '../../libs/pki/bootstrap-token.ts';
import { type ClusterPki, ensureClusterPki } from '../../libs/pki/cluster.ts';
import type { Store } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';

let directory: string;
let pki: ClusterPki;
let store: Store;
let server: ApiServer;
let extension: NodeSessionExtension;
const links: NodeLink[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-session-'));
  pki = await ensureClusterPki(join(directory, 'pki'), { names: [], ips: [] }, systemClock);
  store = openEmbeddedStore({ path: join(directory, 'store'), clock: systemClock });
  await startServer();
});
afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
});
afterAll(async () => {
  await server.stop();
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

describe('a session over gRPC', () => {
  it('registers the node and takes its lease', async () => {
    const { link } = await connect('n1', { 'example.com/rack': 'r1', 'x.node-restriction.kubernetes.io/a': 'b' });
    await until(() => link.connected);
    const node = await untilFound(
      () => server.client.get(nodes, { name: 'n1' }),
      (found) => !!found.status?.capacity,
    );
    expect(node.metadata?.labels).toEqual({ 'example.com/rack': 'r1' });
    const lease = await untilFound(
      () => server.client.get(leases, { namespace: 'kube-node-lease', name: 'n1' }),
      (found) => !!found.spec?.holderIdentity,
    );
    expect(lease.spec?.leaseDurationSeconds).toBe(8);
  });

  it('brings down the pods of the node and what they refer to, and takes their status up', async () => {
    const { link } = await connect('n2');
    await server.client.create(configmaps, configMap('wanted'));
    await server.client.create(configmaps, configMap('other'));
    const pod = await server.client.create(pods, podOn('n2', 'web', 'wanted'));
    await server.client.create(pods, podOn('elsewhere', 'far', 'other'));
    await until(() => link.mirror('pods').get('default/web') !== undefined);
    expect(link.mirror('pods').list()).toHaveLength(1);
    expect(
      link
        .mirror<V1ConfigMap>('configmaps')
        .list()
        .map((object) => object.metadata?.name),
    ).toEqual(['wanted']);

    const uid = pod.metadata?.uid ?? '';
    link.reportPodStatus({
      at: { namespace: 'default', name: 'web' },
      uid,
      status: { phase: 'Running', podIP: '1.2.3.4' },
    });
    await untilFound(
      () => server.client.get(pods, { namespace: 'default', name: 'web' }),
      (p) => p.status?.phase === 'Running',
    );

    await server.client.delete(pods, { namespace: 'default', name: 'web' });
    await until(() => !!link.mirror('pods').get('default/web')?.metadata?.deletionTimestamp);
    link.reportPodGone({ namespace: 'default', name: 'web' }, uid);
    await until(() => link.mirror('pods').list().length === 0);
    await until(() => link.mirror('configmaps').list().length === 0);
  });

  it('resumes after the server was replaced, with what happened meanwhile', async () => {
    const { link } = await connect('n3');
    const pod = await server.client.create(pods, podOn('n3', 'kept'));
    await server.client.create(pods, podOn('n3', 'removed'));
    await until(() => link.mirror('pods').list().length === 2);
    const port = extension.port;
    await server.stop();
    await until(() => !link.connected);
    const uid = pod.metadata?.uid ?? '';
    link.reportPodStatus({ at: { namespace: 'default', name: 'kept' }, uid, status: { phase: 'Running' } });
    await startServer(port);
    await server.client.delete(pods, { namespace: 'default', name: 'removed' }, { gracePeriodSeconds: 0 });
    await until(() => link.connected);
    await until(() => link.mirror('pods').list().length === 1);
    await untilFound(
      () => server.client.get(pods, { namespace: 'default', name: 'kept' }),
      (p) => p.status?.phase === 'Running',
    );
  });

  it('carries byte streams with flow control, refusals and ends', async () => {
    const echo = async (_: unknown, stream: ByteStream) => {
      for await (const item of stream.incoming) {
        if ('end' in item) stream.endChannel(1);
        else await stream.write(1, item.data);
      }
    };
    const { link } = await connect('n4');
    link.serve({ ...noHandlers, exec: echo });
    await until(() => link.connected);
    const stream = await extension.nodes.open('n4', { kind: 'exec', request: {} });
    const total = 5_000_000;
    const writing = stream.write(0, Buffer.alloc(total, 'x')).then(() => stream.endChannel(0));
    let received = 0;
    for await (const item of stream.incoming) {
      if ('end' in item) break;
      received += item.data.length;
    }
    await writing;
    expect(received).toBe(total);
    stream.close();
    await expect(extension.nodes.open('n4', { kind: 'logs', request: {} })).rejects.toMatchObject({
      reason: 'NotFound',
    });
    await expect(extension.nodes.open('nowhere', { kind: 'logs', request: {} })).rejects.toThrow(/no session/);
    expect(await extension.nodes.httpGet('n4', '/metrics')).toMatchObject({ status: 200, contentType: 'text/plain' });
  });

  it('answers only what concerns the node', async () => {
    await server.client.create(secrets, { metadata: { name: 'mine', namespace: 'default' }, stringData: { a: 'b' } });
    const { link } = await connect('n5');
    await server.client.create(pods, {
      ...podOn('n5', 'puller'),
      spec: { ...podOn('n5', 'x').spec!, imagePullSecrets: [{ name: 'mine' }] },
    });
    await until(() => link.mirror('pods').list().length === 1);
    const found = await link.readObject('secrets', { namespace: 'default', name: 'mine' });
    expect(found.metadata?.name).toBe('mine');
    await expect(link.readObject('secrets', { namespace: 'default', name: 'other' })).rejects.toMatchObject({
      reason: 'Forbidden',
    });
  });

  it('refuses certificates that are not of nodes', async () => {
    const link = newLink('n6', { ...pki.admin, ca: pki.ca.certificate });
    let connected = false;
    for (let tries = 0; tries < 20; tries++) {
      connected ||= link.connected;
      await pause(20);
    }
    expect(connected).toBe(false);
  });
});

describe('joining', () => {
  const join_ = async (change: Partial<Parameters<typeof ensureIdentity>[0]> = {}, token?: string) => {
    const fresh = newBootstrapToken({ nowMs: Date.now(), lifeMs: 60_000 });
    await server.client.create(secrets, fresh.secret);
    return await ensureIdentity({
      server: server.url,
      name: 'joiner',
      home: await mkdtemp(join(directory, 'home-')),
      join: { token: token ?? fresh.token, caHash: pki.caHash },
      ...change,
    });
  };

  it('gives a certificate that opens a session', async () => {
    const link = newLink('joiner', await join_());
    await until(() => link.connected);
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a wrong token', () => join_({}, 'abcdef.0123456789abcdef'), /bootstrap token is not known/],
    [
      'another authority',
      () => join_({ join: { token: 'x', caHash: `sha256:${'0'.repeat(64)}` } }),
      /not the sha256:0000/,
    ],
    ['a bad name', () => join_({ name: 'No Good' }), /not a lower-case DNS name/],
    ['no token', () => join_({ join: undefined }), /berth token create/],
    ['no server', () => join_({ server: 'https://127.0.0.1:1' }), /cannot join at https:\/\/127.0.0.1:1.*ECONNREFUSED/],
  ])('refuses %s and says so', async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
  });

  it('does not give away the name of a node that is connected', async () => {
    const { link } = await connect('taken');
    await until(() => link.connected);
    await expect(join_({ name: 'taken' })).rejects.toThrow(/a node named taken is connected already/);
  });
});

const noHandlers: NodeHandlers = {
  exec: async () => {},
  attach: async () => {},
  logs: async () => {
    throw new StatusError('NotFound', 'no such container');
  },
  portForward: async () => {},
  http: async () => ({ status: 200, contentType: 'text/plain', body: Buffer.from('ok') }),
};

async function startServer(port = 0): Promise<void> {
  extension = nodeSessionExtension({ pki, host: '127.0.0.1', port });
  server = await startApiServer({
    store,
    host: '127.0.0.1',
    port: 0,
    pki: {
      caCertificate: pki.ca.certificate,
      serverCertificate: pki.apiserver.certificate,
      serverKey: pki.apiserver.key,
      serviceAccountKey: pki.serviceAccount.privateKey,
    },
    extensions: [extension],
  });
}

async function connect(name: string, labels: Record<string, string> = {}): Promise<{ link: NodeLink }> {
  const pair = await pki.node(name);
  return { link: newLink(name, { ...pair, ca: pki.ca.certificate }, labels) };
}

function newLink(name: string, identity: { ca: string; key: string; certificate: string }, labels = {}): NodeLink {
  const node: V1Node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
  const link = createNodeLink({
    transport: grpcTransport({ target: `127.0.0.1:${extension.port}`, identity: () => identity }),
    node,
    agentVersion: 'test',
    clock: systemClock,
    random: systemRandom,
  });
  links.push(link);
  link.serve(noHandlers);
  link.reportNodeStatus({ capacity: { cpu: '1' }, conditions: [{ type: 'Ready', status: 'True' }] });
  return link;
}

const configMap = (name: string): V1ConfigMap => ({ metadata: { name, namespace: 'default' }, data: { a: 'b' } });

function podOn(nodeName: string, name: string, refersTo?: string): V1Pod {
  const envFrom = refersTo ? [{ configMapRef: { name: refersTo } }] : undefined;
  return {
    metadata: { name, namespace: 'default' },
    spec: { nodeName, containers: [{ name: 'main', image: 'busybox', envFrom }] },
  };
}

const pause = (ms: number) => new Promise((resolve) => systemClock.setTimer(ms, () => resolve(undefined)));

async function until(condition: () => boolean): Promise<void> {
  const endMs = systemClock.monotonic() + 10_000;
  while (!condition()) {
    if (systemClock.monotonic() > endMs) throw new Error(`not within 10 s: ${condition}`);
    await pause(10);
  }
}

async function untilFound<T>(read: () => Promise<T>, good: (value: T) => boolean): Promise<T> {
  const endMs = systemClock.monotonic() + 10_000;
  for (;;) {
    const value = await read().catch((error: unknown) => {
      if (systemClock.monotonic() > endMs) throw error;
      return undefined;
    });
    if (value !== undefined && good(value)) return value;
    if (systemClock.monotonic() > endMs) throw new Error(`not within 10 s: ${JSON.stringify(value)}`);
    await pause(10);
  }
}
