import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { processesIn, signal } from '../../libs/provision/cgroup-tree.ts';
import { parseCgroupLayout } from '../../libs/provision/cgroups.ts';
import { homeAt } from '../../libs/provision/home.ts';
import { lockHolder } from '../../libs/provision/home-lock.ts';
import { thisMachine } from '../../libs/provision/machine.ts';
import { clusterIdOf, clusterNames } from '../../libs/provision/names.ts';
import { findLeftovers } from '../../libs/provision/sweep.ts';
import { untilFound } from '../support/until.ts';

const exec = promisify(execFile);
const berth = join(process.env.BERTH_DIST ?? join(import.meta.dirname, '../../dist'), 'apps/cli/main.js');
const manifest = join(import.meta.dirname, '../../deploy/examples/hello.yaml');
const cgroups = parseCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'))!;
const context = { machine: thisMachine, cgroups, clock: systemClock, logger: silentLogger };
const testMsMax = 120_000;

/** A cluster with a home and a port of its own, driven as a person would. */
function makeCluster(port: number) {
  const path = mkdtempSync(join(tmpdir(), 'berth-up-'));
  const home = homeAt(path);
  const environment = { ...process.env, BERTH_HOME: path, KUBECONFIG: home.kubeconfig, NODE_OPTIONS: '' };
  const run = async (...args: string[]) =>
    (await exec(process.execPath, [berth, ...args], { env: environment })).stdout;
  const kubectl = async (...args: string[]) => (await exec('kubectl', args, { env: environment })).stdout.trim();
  return { home, port, run, kubectl, names: clusterNames(clusterIdOf(path)) };
}

type Cluster = ReturnType<typeof makeCluster>;

async function expectNothingLeft({ names }: Cluster): Promise<void> {
  const left = await findLeftovers(names.clusterId, context);
  expect(left).toEqual({ nodes: [], bridge: false, tables: [], cgroups: false });
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(names.clusterId);
  expect(await readdir('/run/berth').catch(() => [])).not.toContain(names.clusterId);
}

/** What SIGKILL to every process of a cluster at the same moment does. */
async function killEverything(cluster: Cluster): Promise<void> {
  process.kill((await lockHolder(cluster.home.upLock))!.pid, 'SIGKILL');
  for (let left = 1; left > 0; ) {
    const pids = await processesIn(cgroups, cluster.names.cgroup);
    // One may have ended with another that was killed before it.
    for (const pid of pids) signal(pid, 'SIGKILL');
    left = pids.length;
    await sleep(systemClock, 20);
  }
}

const containers = (cluster: Cluster) =>
  cluster.kubectl(
    'get',
    'pods',
    '-o',
    "jsonpath={.items[*].status.containerStatuses[*]['containerID', 'restartCount']}",
  );
const uids = (cluster: Cluster) =>
  cluster.kubectl('get', 'pods,deployments,nodes', '-o', 'jsonpath={.items[*].metadata.uid}');

describe('berth up', () => {
  const first = makeCluster(16_650);
  const second = makeCluster(16_660);

  afterAll(async () => {
    for (const cluster of [first, second]) {
      await cluster.run('down', '--purge');
      rmSync(cluster.home.path, { recursive: true, force: true });
    }
  }, testMsMax);

  it(
    'refuses what cannot work, and says why',
    async () => {
      const taken = createServer();
      await new Promise<void>((listening) => taken.listen(first.port + 1, '0.0.0.0', listening));
      await expect(first.run('up', '--port', `${first.port}`)).rejects.toThrow(`port ${first.port + 1} is taken`);
      await new Promise((closed) => taken.close(closed));
      await expect(first.run('up', '--nodes', '0')).rejects.toThrow('want a whole number from 1 to 200');
      await expect(first.run('up', '--store', 'paper')).rejects.toThrow('want "embedded" or "etcd=');
      await expect(first.run('up', '--node-memory', '1Ki')).rejects.toThrow('at least 64Mi');
      await expectNothingLeft(first);
    },
    testMsMax,
  );

  it(
    'runs two clusters side by side',
    async () => {
      const up = (cluster: Cluster) =>
        cluster.run('up', '--detach', '--nodes', '2', '--port', `${cluster.port}`, '--apply', manifest);
      expect(await up(first)).toContain('rolled out');
      await second.run('up', '--detach', '--nodes', '1', '--port', `${second.port}`);
      await expect(up(first)).rejects.toThrow('runs the cluster of this home already');
      expect(await first.kubectl('get', 'nodes', '-o', 'name')).toBe('node/node-1\nnode/node-2');
      expect(await second.kubectl('get', 'nodes', '-o', 'name')).toBe('node/node-1');
      expect(await second.kubectl('get', 'pods', '-o', 'name')).toBe('');
      await second.run('down');
      await expectNothingLeft(second);
    },
    testMsMax,
  );

  it(
    'starts a control plane and agents again that were killed, and restarts no container',
    async () => {
      const before = await containers(first);
      const { server, nodes } = JSON.parse(await first.run('status', '--json'));
      for (const pid of [server, ...nodes.map((node: { agent: number }) => node.agent)]) process.kill(pid, 'SIGKILL');
      await first.kubectl('get', 'nodes').catch(() => {});
      for (let answer = ''; answer !== 'ok'; await sleep(systemClock, 100)) {
        answer = await first.kubectl('get', '--raw', '/readyz').catch(() => '');
      }
      await first.kubectl('wait', '--for', 'condition=Ready', 'nodes', '--all', '--timeout', '30s');
      await sleep(systemClock, 2000);
      expect(await containers(first)).toBe(before);
    },
    testMsMax,
  );

  it(
    'goes on with the same objects after everything was killed',
    async () => {
      const before = await uids(first);
      await killEverything(first);
      await first.run('up', '--detach');
      expect(await uids(first)).toBe(before);
      await first.kubectl('rollout', 'status', 'deployment/hello', '--timeout', '60s');
      // The rollout stands as it stood before the kill, until the nodes say that their containers start anew.
      const answer = async () => (await fetch('http://127.0.0.1:30080/')).text();
      await untilFound(answer, (text) => text.includes('hello from hello-'), { waitMsMax: 60_000, pollMs: 100 });
    },
    testMsMax,
  );

  it(
    'takes a node down for good and brings it back',
    async () => {
      await first.run('node', 'stop', 'node-2');
      await first.kubectl('wait', '--for', 'condition=Ready=Unknown', 'node/node-2', '--timeout', '20s');
      await first.run('node', 'start', 'node-2');
      await first.kubectl('wait', '--for', 'condition=Ready', 'node/node-2', '--timeout', '20s');
    },
    testMsMax,
  );

  it(
    'leaves nothing behind, and starts again with the same objects',
    async () => {
      const before = await uids(first);
      await first.run('down');
      await expectNothingLeft(first);
      await first.run('up', '--detach');
      expect(await uids(first)).toBe(before);
      await first.run('down', '--purge');
      await expectNothingLeft(first);
      expect(await readdir(first.home.path).catch(() => [])).toEqual([]);
    },
    testMsMax,
  );
});
