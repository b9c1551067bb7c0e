import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import {
  ApiException,
  AppsV1Api,
  Attach,
  CoordinationV1Api,
  CoreV1Api,
  Cp,
  Exec,
  KubeConfig,
  Metrics,
  makeInformer,
  PatchStrategy,
  PortForward,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Lease,
  type V1Pod,
  type V1Status,
  Watch,
} from '@kubernetes/client-node';
import { Cluster, eventually } from './cluster.ts';

const cluster = Cluster.shared();
const config = new KubeConfig();
const folder = mkdtempSync(join(tmpdir(), 'berth-clients-'));
let namespace = '';
let core: CoreV1Api;

const busybox = (name: string, script: string): V1Pod => ({
  metadata: { name },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'localhost/berth/busybox:1', command: ['sh', '-c', script], stdin: true }],
  },
});

async function running(name: string): Promise<void> {
  await eventually(async () => {
    const { status } = await core.readNamespacedPod({ namespace, name });
    return status?.phase === 'Running' && status.containerStatuses?.[0]?.ready === true;
  });
}

/** All that a stream has been given so far, as text. */
function gathered(stream: PassThrough): () => string {
  const parts: Buffer[] = [];
  stream.on('data', (part: Buffer) => parts.push(part));
  return () => Buffer.concat(parts).toString();
}

beforeAll(async () => {
  config.loadFromFile(cluster.kubeconfig);
  core = config.makeApiClient(CoreV1Api);
  namespace = await cluster.makeNamespace('clients');
  const web =
    'echo page > /tmp/index.html; httpd -p 8080 -h /tmp; echo started; while read line; do echo "heard $line"; done';
  await core.createNamespacedPod({ namespace, body: busybox('main', web) });
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await cluster.dropNamespace(namespace);
});

describe('typed clients', () => {
  it('create, read, replace, patch, list and delete', async () => {
    const body: V1ConfigMap = { metadata: { name: 'typed', labels: { from: 'client' } }, data: { a: '1' } };
    const created = await core.createNamespacedConfigMap({ namespace, body });
    expect(created.metadata?.creationTimestamp).toBeInstanceOf(Date);
    await core.replaceNamespacedConfigMap({ namespace, name: 'typed', body: { ...created, data: { a: '2' } } });
    const stale = core.replaceNamespacedConfigMap({ namespace, name: 'typed', body: created });
    await expect(stale).rejects.toMatchObject({ code: 409 });
    const patched = await core.patchNamespacedConfigMap(
      { namespace, name: 'typed', body: { data: { b: '3' } } },
      setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
    );
    expect(patched.data).toEqual({ a: '2', b: '3' });
    const { items } = await core.listNamespacedConfigMap({ namespace, labelSelector: 'from=client' });
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['typed']);
    await core.deleteNamespacedConfigMap({ namespace, name: 'typed' });
    const gone = await core.readNamespacedConfigMap({ namespace, name: 'typed' }).catch((error: unknown) => error);
    expect(gone).toBeInstanceOf(ApiException);
    expect((gone as ApiException<string>).code).toBe(404);
  });

  it('apply, and learn who owns a field', async () => {
    const apply = (fieldManager: string, data: Record<string, string>, force = false) =>
      core.patchNamespacedConfigMap(
        {
          namespace,
          name: 'applied',
          fieldManager,
          force,
          body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied' }, data },
        },
        setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
      );
    await apply('one', { a: '1', b: '1' });
    await expect(apply('two', { a: '2' })).rejects.toMatchObject({
      code: 409,
      body: expect.stringContaining('conflict with \\"one\\"'),
    });
    await apply('two', { a: '2' }, true);
    const { data, metadata } = await apply('one', { b: '1' });
    expect(data).toEqual({ a: '2', b: '1' });
    expect(metadata?.managedFields?.map(({ manager }) => manager).sort()).toEqual(['one', 'two']);
  });

  it('scale workloads by their subresource', async () => {
    const apps = config.makeApiClient(AppsV1Api);
    await cluster.kubectl(`-n ${namespace} create deployment sized --image=localhost/berth/hello:1 --replicas=0`);
    const at = { namespace, name: 'sized' };
    // The controller writes too: whoever is late reads again.
    await eventually(async () => {
      const scale = await apps.readNamespacedDeploymentScale(at);
      return apps.replaceNamespacedDeploymentScale({ ...at, body: { ...scale, spec: { replicas: 1 } } });
    });
    await eventually(async () => {
      const { spec, status } = await apps.readNamespacedDeployment({ namespace, name: 'sized' });
      return spec?.replicas === 1 && status?.replicas === 1;
    });
  });
});

/** A way to the API server that can be cut. */
class Cable {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  constructor(private readonly to: URL) {
    this.server = createServer((near) => {
      const far = connect(Number(this.to.port), this.to.hostname);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => {
          this.sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
    });
  }

  listen(): Promise<string> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => {
        const { port } = this.server.address() as { port: number };
        resolve(`https://127.0.0.1:${port}`);
      });
    });
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }
}

describe('watching', () => {
  it('tells of changes in their order', async () => {
    const seen: string[] = [];
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const { metadata } = await core.listNamespacedConfigMap({ namespace });
    const query = { resourceVersion: metadata?.resourceVersion, allowWatchBookmarks: true };
    const watching = await new Watch(config).watch(
      path,
      query,
      (phase, object: V1ConfigMap) => seen.push(`${phase} ${object.metadata?.name}`),
      () => {},
    );
    const body = { metadata: { name: 'watched' }, data: {} };
    await core.createNamespacedConfigMap({ namespace, body });
    await core.replaceNamespacedConfigMap({ namespace, name: 'watched', body: { ...body, data: { a: '1' } } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'watched' });
    await eventually(async () => seen.length === 3);
    watching.abort();
    expect(seen).toEqual(['ADDED watched', 'MODIFIED watched', 'DELETED watched']);
  });

  it('goes on after the connection was lost, and misses nothing', async () => {
    const cable = new Cable(new URL(config.getCurrentCluster()!.server));
    const far = new KubeConfig();
    far.loadFromFile(cluster.kubeconfig);
    const server = await cable.listen();
    far.clusters = far.clusters.map((one) => ({ ...one, server }));
    const api = far.makeApiClient(CoreV1Api);
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const informer = makeInformer<V1ConfigMap>(far, path, () => api.listNamespacedConfigMap({ namespace }));
    const seen: string[] = [];
    informer.on('add', (object) => seen.push(`add ${object.metadata?.name}`));
    informer.on('delete', (object) => seen.push(`delete ${object.metadata?.name}`));
    let over = false;
    informer.on('error', () => {
      if (!over) void informer.start();
    });
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'before' } } });
    await informer.start();
    await eventually(async () => seen.includes('add before'));
    cable.cut();
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'after' } } });
    await core.deleteNamespacedConfigMap({ namespace, name: 'before' });
    await eventually(async () => seen.includes('add after') && seen.includes('delete before'));
    expect(informer.get('after', namespace)).toBeDefined();
    expect(informer.get('before', namespace)).toBeUndefined();
    over = true;
    await informer.stop();
    cable.close();
  });
});

describe('streams into containers', () => {
  beforeAll(() => running('main'));

  it('run commands, feed them and learn how they ended', async () => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const [out, err] = [gathered(stdout), gathered(stderr)];
    const command = ['sh', '-c', 'read line; echo "out $line"; echo err >&2; exit 3'];
    const ended = new Promise<V1Status>((resolve, reject) => {
      new Exec(config).exec(namespace, 'main', 'main', command, stdout, stderr, stdin, false, resolve).catch(reject);
    });
    stdin.write('fed\n');
    expect((await ended).details?.causes).toEqual([{ reason: 'ExitCode', message: '3' }]);
    expect([out(), err()]).toEqual(['out fed\n', 'err\n']);
  });

  it('attach to what runs, and read its log', async () => {
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    const out = gathered(stdout);
    const socket = await new Attach(config).attach(namespace, 'main', 'main', stdout, null, stdin, false);
    stdin.write('me\n');
    await eventually(async () => out().includes('heard me'));
    socket.close();
    const log = () => core.readNamespacedPodLog({ namespace, name: 'main' });
    await eventually(async () => (await log()) === 'started\nheard me\n');
  });

  it('copy files both ways', async () => {
    const cp = new Cp(config);
    const [up, down] = ['up', 'down'].map((name) => join(folder, name)) as [string, string];
    mkdirSync(up);
    mkdirSync(down);
    writeFileSync(join(up, 'file'), 'there and back');
    // The promises of these calls do not wait for the files.
    await cp.cpToPod(namespace, 'main', 'main', up, '/tmp');
    await eventually(() => cluster.kubectl(`-n ${namespace} exec main -- grep back /tmp/file`));
    await cp.cpFromPod(namespace, 'main', 'main', 'file', down, '/tmp');
    await eventually(async () => readFileSync(join(down, 'file'), 'utf8') === 'there and back');
  });

  it('forward ports', async () => {
    const forward = new PortForward(config);
    const server = createServer((socket) => void forward.portForward(namespace, 'main', [8080], socket, null, socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const page = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
    expect(await page.text()).toBe('page\n');
    server.close();
  });
});

it('metrics name every node and the pods that run', async () => {
  const metrics = new Metrics(config);
  await eventually(async () => {
    const { items } = await metrics.getPodMetrics(namespace);
    return items.some(({ metadata }) => metadata.name === 'main');
  }, 60_000);
  const nodes = await metrics.getNodeMetrics();
  expect(nodes.items.every(({ usage }) => /^\d+n$/.test(usage.cpu))).toBe(true);
});

it('one of many candidates leads, and another takes over when it lets go', async () => {
  const api = config.makeApiClient(CoordinationV1Api);
  const at = { namespace, name: 'leader' };
  await api.createNamespacedLease({ namespace, body: { metadata: { name: 'leader' }, spec: { holderIdentity: '' } } });
  const take = async (name: string, lease: V1Lease) => {
    const spec = { holderIdentity: name, leaseDurationSeconds: 15, acquireTime: undefined, leaseTransitions: 1 };
    return api.replaceNamespacedLease({ ...at, body: { ...lease, spec } }).then(
      () => name,
      () => undefined,
    );
  };
  const seen = await api.readNamespacedLease(at);
  const winners = await Promise.all(['a', 'b', 'c', 'd'].map((name) => take(name, seen)));
  expect(winners.filter(Boolean)).toHaveLength(1);
  const held = await api.readNamespacedLease(at);
  expect(held.spec?.holderIdentity).toBe(winners.find(Boolean));
  await api.replaceNamespacedLease({ ...at, body: { ...held, spec: { ...held.spec, holderIdentity: '' } } });
  expect(await take('e', await api.readNamespacedLease(at))).toBe('e');
});
