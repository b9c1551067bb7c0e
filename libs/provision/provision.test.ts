import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Action, ActionError, applyActions, type Change, undoActions } from './actions.ts';
import { type CgroupLayout, parseCgroupLayout, podsCgroupActions, systemCgroupActions } from './cgroups.ts';
import { containerdConfig, mayLowerOomScore } from './containerd-config.ts';
import { homeAt, homeFrom, loadConfig, makeHome, saveConfig } from './home.ts';
import { lockHome } from './home-lock.ts';
import { nodeLayout } from './layout.ts';
import { bridgeActions, masqueradeRules, nodeLinkActions } from './links.ts';
import type { Machine } from './machine.ts';
import { mountsBelow } from './mounts.ts';
import { clusterIdOf, clusterNames, nodeNames } from './names.ts';
import { missingKernelFeatures, missingPackages, requirements } from './prerequisites.ts';
import { addressIn, chooseRanges, keepRanges, nodeAddress, nodesMax, routeDestinations } from './ranges.ts';
import { resolverActions } from './resolver.ts';
import { nodeNumbers, tablesOf } from './sweep.ts';

const cluster = clusterNames('0123abcd');
const node = nodeNames('0123abcd', 2);
const ranges = chooseRanges([]);
const version1: CgroupLayout = {
  version: 1,
  controllers: { cpu: '/cg/cpu', memory: '/cg/memory', pids: '/cg/pids' },
  others: ['/cg/systemd'],
};
const version2: CgroupLayout = { version: 2, mount: '/cg' };

/** Remembers changes as text and can fail at one of them. */
function recordingMachine(failAt = Number.POSITIVE_INFINITY) {
  const done: string[] = [];
  const record = async (text: string) => {
    if (done.length === failAt) {
      done.push(`failed ${text}`);
      throw new Error('no');
    }
    done.push(text);
  };
  const machine: Machine = {
    async run(argv, options) {
      await record(`run ${argv.join(' ')} ${options?.input ?? ''}`);
      return '';
    },
    read: async () => '',
    write: (path, content) => record(`write ${path} ${content}`),
    makeDirectory: (path) => record(`directory ${path}`),
    remove: (path) => record(`remove ${path}`),
  };
  return { machine, done };
}

describe('names', () => {
  it('keeps interface names within 15 bytes', () => {
    expect(cluster.bridge.length).toBeLessThanOrEqual(15);
    expect(nodeNames('0123abcd', nodesMax).hostLink.length).toBeLessThanOrEqual(15);
  });
  it('keeps sockets within 107 bytes', () => {
    const { containerdSocket } = nodeLayout('/h', nodeNames('0123abcd', nodesMax).runDirectory);
    expect(containerdSocket.length).toBeLessThanOrEqual(107);
  });
  it('tells homes apart', () => {
    expect(clusterIdOf('/a')).not.toBe(clusterIdOf('/b'));
    expect(clusterIdOf('/a/')).toBe(clusterIdOf('/a'));
  });
});

describe('ranges', () => {
  it.each([
    { name: 'nothing in use', taken: [], want: ['172.30.0.0/24', '10.244.0.0/16', '10.96.0.0/16'] },
    {
      name: 'another cluster',
      taken: ['172.30.0.0/24', '10.244.0.0/16', '10.96.0.0/16'],
      want: ['172.30.1.0/24', '10.245.0.0/16', '10.97.0.0/16'],
    },
    { name: 'one address inside', taken: ['10.244.7.9'], want: ['172.30.0.0/24', '10.245.0.0/16', '10.96.0.0/16'] },
    { name: 'a wide network', taken: ['172.16.0.0/12'], fails: 'nodes' },
    { name: 'all of ten', taken: ['10.0.0.0/8'], fails: 'pods' },
  ])('with $name', ({ taken, want, fails }) => {
    if (fails !== undefined) expect(() => chooseRanges(taken)).toThrow(`every address range for ${fails} is in use`);
    else expect(Object.values(chooseRanges(taken))).toEqual(want);
  });
  it('begins elsewhere with another seed', () => {
    expect(chooseRanges(['10.246.0.0/16'], 2)).toEqual({
      nodes: '172.30.2.0/24',
      pods: '10.247.0.0/16',
      services: '10.98.0.0/16',
    });
  });
  it('keeps what is stored, moves nodes, and refuses when it cannot', () => {
    expect(keepRanges(ranges, ['192.0.2.0/24'])).toBe(ranges);
    expect(keepRanges(ranges, ['172.30.0.9']).nodes).toBe('172.30.1.0/24');
    expect(() => keepRanges(ranges, ['10.96.0.0/12'])).toThrow('range for services, 10.96.0.0/16, overlaps');
  });
  it('leaves its own routes out', () => {
    const own = `10.244.1.0/24 via 172.30.0.11 dev ${cluster.bridge} \nunreachable 10.244.0.0/16 metric ${cluster.routeMetric}\n`;
    expect(routeDestinations(`${own}10.9.0.0/16 dev x\n`, cluster)).toEqual(['10.9.0.0/16']);
  });
  it('counts addresses over byte borders', () => {
    expect(addressIn('10.96.255.0/24', 300)).toBe('10.97.0.44');
    expect(nodeAddress(ranges, nodesMax)).toBe('172.30.0.210');
  });
  it('reads destinations from ip route', () => {
    const listing = `default via 192.0.2.1 dev eth0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2
unreachable 10.244.0.0/16 metric 4278198272
local 192.0.2.2 dev eth0 table local
fe80::/64 dev eth0
`;
    expect(routeDestinations(listing)).toEqual(['192.0.2.0/24', '10.244.0.0/16', '192.0.2.2']);
  });
});

describe('cgroups', () => {
  const hybrid = `24 1 0:21 / /sys/fs/cgroup rw - tmpfs none rw
25 24 0:22 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
26 24 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
27 24 0:24 / /sys/fs/cgroup/systemd rw - cgroup none rw,name=systemd
28 24 0:25 / /sys/fs/cgroup/unified rw - cgroup2 none rw
`;
  it.each([
    {
      name: 'hybrid',
      text: hybrid,
      want: {
        version: 1,
        controllers: {
          cpu: '/sys/fs/cgroup/cpu,cpuacct',
          cpuacct: '/sys/fs/cgroup/cpu,cpuacct',
          memory: '/sys/fs/cgroup/memory',
        },
        others: ['/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'],
      },
    },
    {
      name: 'version 2',
      text: '30 1 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw,nsdelegate\n',
      want: { version: 2, mount: '/sys/fs/cgroup' },
    },
    { name: 'none', text: '1 0 8:1 / / rw - ext4 /dev/sda rw\n', want: undefined },
  ])('recognises $name', ({ text, want }) => expect(parseCgroupLayout(text)).toEqual(want));

  it.each([
    { layout: version1, files: ['/cg/cpu/p/cpu.cfs_quota_us 150000', '/cg/memory/p/memory.limit_in_bytes 1024'] },
    { layout: version2, files: ['/cg/p/cpu.max 150000 100000', '/cg/p/memory.max 1024'] },
  ])('limits pods on version $layout.version', async ({ layout, files }) => {
    const { machine, done } = recordingMachine();
    await applyActions(machine, podsCgroupActions(layout, '/p', { cpus: 1.5, memoryBytes: 1024 }));
    for (const file of files) expect(done).toContain(`write ${file}`);
  });
});

/** A machine of sets: what each change makes and takes away, as far as plans of this folder need it. */
const plans: Record<string, Action[]> = {
  bridge: bridgeActions(cluster, ranges),
  'node link': nodeLinkActions(cluster, node, ranges),
  resolver: resolverActions(node, 'nameserver 127.0.0.53\n', 'nameserver 192.0.2.53\n'),
  'system cgroup, version 1': systemCgroupActions(version1, node.systemCgroup),
  'system cgroup, version 2': systemCgroupActions(version2, node.systemCgroup),
  'weighted cgroup, version 1': systemCgroupActions(version1, cluster.controlCgroup, 4),
  'weighted cgroup, version 2': systemCgroupActions(version2, cluster.controlCgroup, 4),
  'pods cgroup, version 1': podsCgroupActions(version1, node.podsCgroup, { cpus: 1, memoryBytes: 1 }),
  'pods cgroup, version 2': podsCgroupActions(version2, node.podsCgroup, { cpus: 1, memoryBytes: 1 }),
};

describe.each(Object.entries(plans))('plan: %s', (_name, actions) => {
  const changes = actions.flatMap((action) => action.changes);

  it('undoes itself and what came before, wherever it fails', async () => {
    for (let at = 0; at < changes.length; at++) {
      const { machine, done } = recordingMachine(at);
      await expect(applyActions(machine, actions)).rejects.toThrow(ActionError);
      const failing = actionOf(actions, at);
      const expected = recordingMachine();
      await undoActions(expected.machine, actions.slice(0, failing + 1));
      expect(done.slice(at + 1)).toEqual(expected.done);
    }
  });

  it('has an undo for each action that makes something', () => {
    for (const action of actions) {
      const makes = action.changes.some((change) => 'directory' in change || /\badd\b|table/.test(commandOf(change)));
      if (makes) expect(action.undo).toBeDefined();
    }
  });
});

function actionOf(actions: readonly Action[], change: number): number {
  let seen = 0;
  return actions.findIndex((action) => {
    seen += action.changes.length;
    return change < seen;
  });
}

function commandOf(change: Change): string {
  return 'run' in change ? `${change.run.join(' ')} ${change.input ?? ''}` : '';
}

describe('resolverActions', () => {
  const stub = 'nameserver 127.0.0.53\noptions edns0\n';
  const real = '# made by systemd-resolved\nnameserver fe80::1\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n';
  it.each([
    { name: 'a reachable server', used: real, behind: real, sent: undefined },
    { name: 'a stub', used: stub, behind: real, sent: '192.0.2.53' },
    { name: 'a stub and a reachable server', used: `${stub}nameserver 192.0.2.1\n`, behind: real, sent: undefined },
    { name: 'a stub with nothing known behind it', used: stub, behind: '', sent: undefined },
  ])('with $name', ({ used, behind, sent }) => {
    const rules = resolverActions(node, used, behind).flatMap((action) => action.changes.map(commandOf));
    if (sent === undefined) expect(rules).toEqual([]);
    else
      expect(rules.join()).toContain(`ip daddr { 127.0.0.53 } meta l4proto { tcp, udp } th dport 53 dnat to ${sent}`);
  });
});

describe('masqueradeRules', () => {
  it('leaves packets within the cluster alone', () => {
    expect(masqueradeRules(cluster, ranges)).toContain(
      'ip saddr { 172.30.0.0/24, 10.244.0.0/16 } ip daddr != { 172.30.0.0/24, 10.244.0.0/16 } ' +
        'oifname != "berth-0123abcd" masquerade',
    );
  });
});

describe('containerd', () => {
  const options = {
    layout: nodeLayout('/h', '/r'),
    sandboxImage: 'pause',
    registryDirectory: '/reg',
    cniBinDir: '/cni',
    mayLowerOomScore: false,
    snapshotter: 'overlayfs' as const,
  };
  it('shares no path with another instance', () => {
    const text = containerdConfig(options);
    const paths = [...text.matchAll(/"(\/[^"]*)"/g)].map((match) => match[1]!);
    for (const path of paths) expect(path).toMatch(/^\/(h|r|reg|cni)\b/);
  });
  it.each([
    ['CapEff:\t000001fffeffffff', false],
    ['CapEff:\t000001ffffffffff', true],
  ])('reads %s', (status, may) => {
    expect(mayLowerOomScore(`Name:\tx\n${status}\n`)).toBe(may);
    expect(containerdConfig({ ...options, mayLowerOomScore: may })).toContain(`restrict_oom_score_adj = ${!may}`);
  });
});

describe('what a killed run left', () => {
  it('recognises its own nodes in namespaces, folders and links', () => {
    const names = [
      'berth-0123abcd-node-3',
      'node-1',
      'berth-ffffffff-node-9',
      '7: b0123abcd-12@if2: <BROADCAST>',
      'system',
    ];
    expect(nodeNumbers('0123abcd', names)).toEqual([1, 3, 12]);
  });
  it('recognises its own tables', () => {
    expect(tablesOf('0123abcd', 'table ip berth-0123abcd-host\ntable ip berth-ffffffff\ntable inet x\n')).toEqual([
      'ip berth-0123abcd-host',
    ]);
  });
  it('lists mounts deepest first and unescapes them', () => {
    const text =
      '1 0 0:1 / / rw - a b c\n2 1 0:2 / /run/berth/x rw - a b c\n3 2 0:3 / /run/berth/x/a\\040b rw - a b c\n';
    expect(mountsBelow(`${text}4 1 0:4 / /run/berth/xy rw - a b c\n`, '/run/berth/x')).toEqual([
      '/run/berth/x/a b',
      '/run/berth/x',
    ]);
  });
});

describe('prerequisites', () => {
  it.each(requirements.map((need) => need.package))('misses %s', (name) => {
    const absent = requirements.find((need) => need.package === name)!.files;
    expect(missingPackages((path) => !absent.includes(path))).toEqual([name]);
  });
  it('names what the kernel lacks', () => {
    const all = { filesystems: 'nodev overlay', mountinfo: 'x - cgroup2 cgroup rw', exists: () => true };
    expect(missingKernelFeatures(all)).toEqual([]);
    expect(missingKernelFeatures({ ...all, filesystems: 'ext4' })[0]).toContain('overlayfs');
    expect(missingKernelFeatures({ ...all, mountinfo: '' })[0]).toContain('cgroup');
    expect(missingKernelFeatures({ ...all, exists: (path) => !path.endsWith('net') })[0]).toContain('net namespaces');
  });
});

describe('home', () => {
  const path = mkdtempSync(join(tmpdir(), 'berth-home-'));
  const home = homeAt(join(path, 'h'));
  afterAll(() => rmSync(path, { recursive: true }));

  it('comes from the environment', () => {
    expect(homeFrom({ BERTH_HOME: '/x' }).kubeconfig).toBe('/x/kubeconfig');
    expect(homeFrom({}).path).toMatch(/\.berth$/);
  });

  it('remembers its configuration', async () => {
    await makeHome(home);
    expect(await loadConfig(home)).toBeUndefined();
    const config = { port: 1, nodes: 3, ranges, store: 'embedded' };
    await saveConfig(home, config);
    expect(await loadConfig(home)).toEqual(config);
  });

  it('lets one process in at a time, and takes over from a dead one', async () => {
    const lock = await lockHome(home.upLock);
    await expect(lockHome(home.upLock)).rejects.toThrow(`another process (${process.pid})`);
    await lock.release();
    const again = await lockHome(home.upLock);
    await again.release();
  });
});
