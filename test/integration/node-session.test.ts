import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureIdentity } from '../../apps/agent/join.ts';
import { gatewayNodes } from '../../apps/apiserver/node-session/gateway-client.ts';
import type { V1ConfigMap, V1Pod } from '../../libs/api/gen/types.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { leases } from '../../libs/api/kinds/lease.ts';
import { nodes } from '../../libs/api/kinds/node.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { secrets } from '../../libs/api/kinds/secret.ts';
import type { ByteStream } from '../../libs/node/link.ts';
import { newBootstrapToken } from '../../libs/pki/bootstrap-token.ts';
import { emptyNode, type SessionCluster, startSessionCluster } from '../support/session-cluster.ts';
import { until, untilFound } from '../support/until.ts';

let cluster: SessionCluster;
beforeAll(async () => {
  cluster = await startSessionCluster();
});
afterEach(() => cluster.closeLinks());
afterAll(() => cluster.stop());

describe('a session over gRPC', () => {
  it('registers the node and takes its lease', async () => {
    const link = await cluster.connect('n1', {
      labels: { 'example.com/rack': 'r1', 'x.node-restriction.kubernetes.io/a': 'b' },
    });
    await until(() => link.connected);
    const node = await untilFound(
      () => cluster.client.get(nodes, { name: 'n1' }),
      (found) => !!found.status?.capacity,
    );
    expect(node.metadata?.labels).toEqual({ 'example.com/rack': 'r1' });
    const lease = await untilFound(
      () => cluster.client.get(leases, { namespace: 'kube-node-lease', name: 'n1' }),
      (found) => !!found.spec?.holderIdentity,
    );
    expect(lease.spec?.leaseDurationSeconds).toBe(8);
  });

  it('brings down the pods of the node and what they refer to, and takes their status up', async () => {
    const link = await cluster.connect('n2');
    await cluster.client.create(configmaps, configMap('wanted'));
    await cluster.client.create(configmaps, configMap('other'));
    const pod = await cluster.client.create(pods, podOn('n2', 'web', 'wanted'));
    await cluster.client.create(pods, podOn('elsewhere', 'far', 'other'));
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
      () => cluster.client.get(pods, { namespace: 'default', name: 'web' }),
      (p) => p.status?.phase === 'Running',
    );

    await cluster.client.delete(pods, { namespace: 'default', name: 'web' });
    await until(() => !!link.mirror('pods').get('default/web')?.metadata?.deletionTimestamp);
    link.reportPodGone({ namespace: 'default', name: 'web' }, uid);
    await until(() => link.mirror('pods').list().length === 0);
    await until(() => link.mirror('configmaps').list().length === 0);
  });

  it('resumes after the server was replaced, with what happened meanwhile', async () => {
    const link = await cluster.connect('n3');
    const pod = await cluster.client.create(pods, podOn('n3', 'kept'));
    await cluster.client.create(pods, podOn('n3', 'removed'));
    await until(() => link.mirror('pods').list().length === 2);
    const { restart } = await cluster.stopServer();
    await until(() => !link.connected);
    const uid = pod.metadata?.uid ?? '';
    link.reportPodStatus({ at: { namespace: 'default', name: 'kept' }, uid, status: { phase: 'Running' } });
    await restart();
    await cluster.client.delete(pods, { namespace: 'default', name: 'removed' }, { gracePeriodSeconds: 0 });
    await until(() => link.connected);
    await until(() => link.mirror('pods').list().length === 1);
    await untilFound(
      () => cluster.client.get(pods, { namespace: 'default', name: 'kept' }),
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
    const link = await cluster.connect('n4');
    link.serve({ ...emptyNode, exec: echo });
    await until(() => link.connected);
    const stream = await cluster.nodes.open('n4', { kind: 'exec', request: {} });
    expect(await bytesEchoed(stream, 5_000_000)).toBe(5_000_000);
    stream.close();
    await expect(cluster.nodes.open('n4', { kind: 'logs', request: {} })).rejects.toMatchObject({
      reason: 'NotFound',
    });
    await expect(cluster.nodes.open('nowhere', { kind: 'logs', request: {} })).rejects.toThrow(/no session/);
    expect(await cluster.nodes.httpGet('n4', '/metrics')).toMatchObject({ status: 200, contentType: 'text/plain' });
  });

  it('answers only what concerns the node', async () => {
    await cluster.client.create(secrets, { metadata: { name: 'mine', namespace: 'default' }, stringData: { a: 'b' } });
    const link = await cluster.connect('n5');
    await cluster.client.create(pods, {
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
    const { pki } = cluster;
    const link = await cluster.connect('n6', { identity: { ...pki.admin, ca: pki.ca.certificate } });
    const good = await cluster.connect('n7');
    await until(() => good.connected);
    expect(link.connected).toBe(false);
  });
});

describe('a second API server', () => {
  const echo = async (_: unknown, stream: ByteStream) => {
    for await (const item of stream.incoming) {
      if ('end' in item) stream.endChannel(1);
      else await stream.write(1, item.data);
    }
  };
  let second: Awaited<ReturnType<SessionCluster['secondServer']>>;
  beforeAll(async () => {
    second = await cluster.secondServer();
  });
  afterAll(() => second.stop());
  beforeEach(async () => {
    const link = await cluster.connect('far');
    link.serve({ ...emptyNode, exec: echo });
    await until(() => link.connected);
    // The lease says where the session is.
    await untilFound(
      () => second.nodes.httpGet('far', '/metrics'),
      (answer) => answer.status === 200,
    );
  });

  it('reaches the nodes whose session the first one holds', async () => {
    const stream = await second.nodes.open('far', { kind: 'exec', request: {} });
    expect(await bytesEchoed(stream, 3_000_000)).toBe(3_000_000);
    stream.close();
  });

  it('tells what the node refuses in the words of the node', async () => {
    await expect(second.nodes.open('far', { kind: 'logs', request: {} })).rejects.toMatchObject({
      reason: 'NotFound',
      message: 'no such container',
    });
  });

  it('lets the node know that the client has gone', async () => {
    const stream = await second.nodes.open('far', { kind: 'exec', request: {} });
    stream.close();
    await until(() => stream.closed.aborted);
  });

  it('knows the others by their certificate', async () => {
    const { ca, admin } = cluster.pki;
    const nodes = gatewayNodes(cluster.sessionTarget, { ca: ca.certificate, peer: admin });
    await expect(nodes.open('far', { kind: 'exec', request: {} })).rejects.toThrow(/only API servers/);
    await expect(nodes.httpGet('far', '/metrics')).rejects.toThrow(/only API servers/);
  });
});

describe('joining', () => {
  const join_ = async (change: Partial<Parameters<typeof ensureIdentity>[0]> = {}, token?: string) => {
    const fresh = newBootstrapToken({ nowMs: Date.now(), lifeMs: 60_000 });
    await cluster.client.create(secrets, fresh.secret);
    return await ensureIdentity({
      servers: [cluster.url],
      name: 'joiner',
      home: await mkdtemp(join(cluster.directory, 'home-')),
      join: { token: token ?? fresh.token, caHash: cluster.pki.caHash },
      ...change,
    });
  };

  it('passes over servers that cannot be reached', async () => {
    expect(await join_({ servers: ['https://127.0.0.1:1', cluster.url] })).toMatchObject({
      ca: cluster.pki.ca.certificate,
    });
  });

  it('gives a certificate that opens a session', async () => {
    const link = await cluster.connect('joiner', { identity: await join_() });
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
    [
      'no server',
      () => join_({ servers: ['https://127.0.0.1:1'] }),
      /cannot join at https:\/\/127.0.0.1:1.*ECONNREFUSED/,
    ],
  ])('refuses %s and says so', async (_, run, message) => {
    await expect(run()).rejects.toThrow(message);
  });

  it('does not give away the name of a node that is connected', async () => {
    const link = await cluster.connect('taken');
    await until(() => link.connected);
    await expect(join_({ name: 'taken' })).rejects.toThrow(/a node named taken is connected already/);
  });
});

const configMap = (name: string): V1ConfigMap => ({ metadata: { name, namespace: 'default' }, data: { a: 'b' } });

function podOn(nodeName: string, name: string, refersTo?: string): V1Pod {
  const envFrom = refersTo ? [{ configMapRef: { name: refersTo } }] : undefined;
  return {
    metadata: { name, namespace: 'default' },
    spec: { nodeName, containers: [{ name: 'main', image: 'busybox', envFrom }] },
  };
}

/** Sends this many bytes, and counts those that come back. */
async function bytesEchoed(stream: ByteStream, total: number): Promise<number> {
  const writing = stream.write(0, Buffer.alloc(total, 'x')).then(() => stream.endChannel(0));
  let received = 0;
  for await (const item of stream.incoming) {
    if ('end' in item) break;
    received += item.data.length;
  }
  await writing;
  return received;
}
