import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { buildCatalogueArchive } from '../../libs/images/build.ts';
import { pauseImage } from '../../libs/images/catalogue.ts';
import { applyActions } from '../../libs/provision/actions.ts';
import { processesIn } from '../../libs/provision/cgroup-tree.ts';
import { parseCgroupLayout } from '../../libs/provision/cgroups.ts';
import { ctr, socketReady } from '../../libs/provision/containerd.ts';
import { homeAt } from '../../libs/provision/home.ts';
import { bridgeActions } from '../../libs/provision/links.ts';
import { thisMachine } from '../../libs/provision/machine.ts';
import { clusterIdOf, clusterNames, nodeNames } from '../../libs/provision/names.ts';
import { LocalNode, type NodeContext } from '../../libs/provision/node.ts';
import { chooseRanges, gatewayAddress, routeDestinations } from '../../libs/provision/ranges.ts';
import { findLeftovers, sweepCluster } from '../../libs/provision/sweep.ts';

const home = mkdtempSync(join(tmpdir(), 'berth-provision-'));
const cluster = clusterNames(clusterIdOf(home));
const context: NodeContext = {
  machine: thisMachine,
  cgroups: parseCgroupLayout(readFileSync('/proc/self/mountinfo', 'utf8'))!,
  clock: systemClock,
  logger: silentLogger,
};
const images = buildCatalogueArchive(join(home, 'images.tar'));
let ranges = chooseRanges([]);
const machineName = hostname();
const testMsMax = 60_000;

function makeNode(index: number): LocalNode {
  const spec = {
    cluster,
    names: nodeNames(cluster.clusterId, index),
    ranges,
    share: { cpus: 0.5, memoryBytes: 256 * 1024 * 1024 },
    home: join(home, 'nodes', `node-${index}`),
    logDirectory: join(home, 'logs'),
    pidDirectory: home,
    environment: {},
    registryDirectory: join(home, 'registries'),
    sandboxImage: pauseImage,
    images,
    agentCommand: () => ['sleep', '1000'],
  };
  return new LocalNode(spec, context);
}

/** A container in the node's group of pods, made without an agent. */
async function startContainer(node: LocalNode, id: string): Promise<void> {
  const group = `${node.spec.names.podsCgroup}/${id}`;
  await ctr(thisMachine, node.layout, [
    ...['run', '--detach', '--cgroup', group, 'localhost/berth/busybox:1', id, 'sleep', '1000'],
  ]);
}

async function hostNameSeenBy(pid: number | undefined): Promise<string> {
  const enter = ['nsenter', `--uts=/proc/${pid}/ns/uts`, '--'];
  return (await thisMachine.run([...enter, 'cat', '/proc/sys/kernel/hostname'])).trim();
}

async function expectNothingLeft(): Promise<void> {
  expect(await findLeftovers(cluster.clusterId, context)).toMatchObject({ nodes: [], bridge: false, tables: [] });
  expect(await processesIn(context.cgroups, cluster.cgroup)).toEqual([]);
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(cluster.runDirectory);
  expect((await readdir('/run/netns').catch(() => [])).filter((name) => name.includes(cluster.clusterId))).toEqual([]);
  expect(await thisMachine.run(['ip', 'route', 'show', 'root', ranges.pods])).toBe('');
}

beforeAll(async () => {
  ranges = chooseRanges(routeDestinations(await thisMachine.run(['ip', '-4', 'route', 'show', 'table', 'all'])));
  await applyActions(thisMachine, bridgeActions(cluster, ranges));
}, testMsMax);

afterAll(async () => {
  await sweepCluster({ clusterId: cluster.clusterId, home: homeAt(home), podRange: ranges.pods }, context);
  rmSync(home, { recursive: true });
}, testMsMax);

describe('a node on this machine', () => {
  it(
    'has its own network, containerd with images, and cgroups, and leaves nothing',
    async () => {
      const nodes = [makeNode(1), makeNode(2)];
      await Promise.all(nodes.map((node) => node.startContainerd()));
      await Promise.all(nodes.map((node) => node.startAgent()));
      const listed = await ctr(thisMachine, nodes[0]!.layout, ['images', 'ls', '--quiet']);
      expect(listed).toContain(pauseImage);
      const enter = ['nsenter', `--net=${nodes[0]!.spec.names.namespacePath}`, '--'];
      await thisMachine.run([...enter, 'ping', '-c1', '-W1', gatewayAddress(ranges)]).catch(async (error) => {
        // Minimal machines have no ping; busybox has.
        if (!String(error).includes('nsenter: failed to execute')) throw error;
        await thisMachine.run([...enter, '/bin/busybox', 'ping', '-c1', '-W1', gatewayAddress(ranges)]);
      });
      const { pids, name } = nodes[0]!;
      expect([await hostNameSeenBy(pids.containerd), await hostNameSeenBy(pids.agent)]).toEqual([name, name]);
      expect(hostname()).toBe(machineName);
      await startContainer(nodes[1]!, 'c1');
      expect(await processesIn(context.cgroups, nodes[1]!.spec.names.podsCgroup)).toHaveLength(1);
      await Promise.all(nodes.map((node) => node.stop()));
      await sweepCluster({ clusterId: cluster.clusterId, home: homeAt(home), podRange: ranges.pods }, context);
      await expectNothingLeft();
    },
    testMsMax,
  );

  it(
    'starts containerd again when it dies, and keeps its containers',
    async () => {
      await applyActions(thisMachine, bridgeActions(cluster, ranges));
      const node = makeNode(1);
      await node.startContainerd();
      await startContainer(node, 'c1');
      const [before] = await processesIn(context.cgroups, node.spec.names.podsCgroup);
      const first = node.pids.containerd!;
      process.kill(first, 'SIGKILL');
      while (node.pids.containerd === undefined || node.pids.containerd === first) await sleep(systemClock, 20);
      await socketReady(node.layout.containerdSocket, systemClock);
      expect(await processesIn(context.cgroups, node.spec.names.podsCgroup)).toEqual([before]);
      expect(await ctr(thisMachine, node.layout, ['tasks', 'ls'])).toMatch(/c1\s+\d+\s+RUNNING/);
      await node.stop();
    },
    testMsMax,
  );

  it(
    'starts over what was killed whole',
    async () => {
      const killed = makeNode(1);
      await killed.startContainerd();
      await startContainer(killed, 'c2');
      await killed.kill();
      const next = makeNode(1);
      await next.startContainerd();
      await startContainer(next, 'c3');
      await next.stop();
      await sweepCluster({ clusterId: cluster.clusterId, home: homeAt(home), podRange: ranges.pods }, context);
      await expectNothingLeft();
    },
    testMsMax,
  );
});
