import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Pod } from '../../libs/api/gen/types.ts';
import { Cluster, eventually, type Finished, webApp } from './cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'berth-life-'));
const started: ChildProcess[] = [];

/** A cluster of the test's own beside the shared one. */
function ownCluster(name: string): Cluster {
  return new Cluster(mkdtempSync(`/var/tmp/berth-${name}-`));
}

/** Everything on the machine that carries the cluster's id: the lists are empty when nothing is left. */
function leftovers(clusterId: string): Record<string, string[]> {
  const lines = (program: string, args: string[]) => execFileSync(program, args, { encoding: 'utf8' }).split('\n');
  const ours = (list: string[]) => list.filter((line) => line.includes(clusterId));
  const commands = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((pid) => {
      try {
        return `${pid} ${readFileSync(`/proc/${pid}/cgroup`, 'utf8').replaceAll('\n', ' ')}`;
      } catch {
        return '';
      }
    });
  return {
    processes: ours(commands),
    mounts: ours(readFileSync('/proc/mounts', 'utf8').split('\n')),
    namespaces: ours(lines('ip', ['netns', 'list'])),
    links: ours(lines('ip', ['-o', 'link'])),
    tables: ours(lines('nft', ['list', 'tables'])),
    cgroups: ours(lines('find', ['/sys/fs/cgroup', '-maxdepth', '2', '-type', 'd'])),
  };
}

/** @throws Error with all that the program printed. */
async function succeeds(run: Promise<Finished>): Promise<void> {
  const { code, stdout, stderr } = await run;
  if (code !== 0) throw new Error(`ended with ${code}\n${stdout}${stderr}`);
}

const nothing = { processes: [], mounts: [], namespaces: [], links: [], tables: [], cgroups: [] };

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

// What kill -9 of everything leaves, and how `up` goes on from it, is proven in test/integration/up.test.ts.
describe('berth up and down, beside another cluster', () => {
  const cluster = ownCluster('up');
  let clusterId = '';
  afterAll(async () => {
    await cluster.berth('down', '--purge');
    rmSync(cluster.home, { recursive: true, force: true });
  });
  const containerIds = async () => {
    const { items } = await cluster.get<{ items: V1Pod[] }>('pods -l app=web');
    return items.map((pod) => pod.status?.containerStatuses?.[0]?.containerID);
  };

  it('comes up on its own port', async () => {
    await succeeds(cluster.berth('up', '--detach', '--nodes', '1', '--port', '16543'));
    clusterId = (await cluster.describe()).clusterId;
    await cluster.apply('default', webApp('web', { replicas: 2 }));
    await cluster.kubectl('rollout status deployment/web --timeout=60s');
  });

  it('refuses to start twice, and a port that is taken', async () => {
    const twice = await cluster.berth('up', '--detach');
    expect(twice.code).not.toBe(0);
    expect(twice.stderr + twice.stdout).toMatch(/running|runs/);
    const other = ownCluster('taken');
    const taken = await other.berth('up', '--detach', '--nodes', '1', '--port', '16543');
    expect(taken.code).not.toBe(0);
    expect(taken.stderr + taken.stdout).toMatch(/16543/);
    rmSync(other.home, { recursive: true, force: true });
  });

  it('finds the same objects after down and up', async () => {
    await succeeds(cluster.berth('down'));
    expect(leftovers(clusterId)).toEqual(nothing);
    await succeeds(cluster.berth('up', '--detach'));
    await eventually(() => cluster.kubectl('rollout status deployment/web --timeout=30s'), 60_000);
    expect(await containerIds()).toHaveLength(2);
  });

  it('leaves nothing behind', async () => {
    await succeeds(cluster.berth('down'));
    expect(leftovers(clusterId)).toEqual(nothing);
    expect(await cluster.berth('status')).toMatchObject({ code: 3 });
  });
});

describe('a cluster on etcd', () => {
  const cluster = ownCluster('etcd');
  const etcdUrl = 'http://127.0.0.1:12379';

  beforeAll(async () => {
    const peers = [
      '--listen-peer-urls',
      'http://127.0.0.1:12380',
      '--initial-advertise-peer-urls',
      'http://127.0.0.1:12380',
    ];
    const cluster1 = ['--initial-cluster', 'default=http://127.0.0.1:12380'];
    const clients = ['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl];
    started.push(
      spawn('etcd', ['--data-dir', join(folder, 'etcd'), ...peers, ...cluster1, ...clients], { stdio: 'ignore' }),
    );
    await eventually(() => fetch(`${etcdUrl}/health`).then((answer) => answer.ok));
  });
  afterAll(async () => {
    await cluster.berth('down', '--purge');
    rmSync(cluster.home, { recursive: true, force: true });
  });

  it('runs, restarts and keeps its objects', async () => {
    await succeeds(cluster.berth('up', '--detach', '--nodes', '1', '--port', '16643', '--store', `etcd=${etcdUrl}`));
    await cluster.apply('default', webApp('web', { replicas: 2 }));
    await cluster.kubectl('rollout status deployment/web --timeout=60s');
    const { server } = await cluster.describe();
    process.kill(server, 'SIGKILL');
    await eventually(async () => expect((await cluster.describe()).server).not.toBe(server));
    await eventually(() => cluster.kubectl('scale deployment web --replicas=3'));
    await cluster.kubectl('rollout status deployment/web --timeout=60s');
  });
});
