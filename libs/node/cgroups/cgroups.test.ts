import { cgroupTreeOf } from './detect.ts';
import { MemoryCgroups } from './memory.ts';
import { PodCgroups } from './pods.ts';
import { weightOf } from './v2.ts';

const v1 = ['cpu', 'cpuacct', 'memory', 'pids']
  .map((name, index) => `${index} 1 0:${index} / /sys/fs/cgroup/${name} rw,relatime - cgroup cgroup rw,${name}`)
  .join('\n');
const unified = '9 1 0:9 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw';
const v2 = '9 1 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw';

describe('cgroupTreeOf', () => {
  it.each([
    ['version 1', v1, 1],
    ['a hybrid of both', `${v1}\n${unified}`, 1],
    ['version 2', v2, 2],
  ])('%s', (_, table, version) => expect(cgroupTreeOf(table).version).toBe(version));

  it('says what is missing', () => expect(() => cgroupTreeOf('')).toThrow('control groups are not mounted'));
});

describe('PodCgroups', () => {
  const pod = (uid: string, requests: Record<string, string>, limits?: Record<string, string>) => ({
    metadata: { uid },
    spec: { containers: [{ name: 'c', resources: { requests, limits } }] },
  });

  it('puts each pod into its tier with its limits', () => {
    const tree = new MemoryCgroups();
    const cgroups = new PodCgroups(tree, '/n1/');
    cgroups.setUpNode({ cpuMillis: 2000, memoryBytes: 2 ** 30 });
    const both = { cpu: '500m', memory: '64Mi' };
    expect(cgroups.ensure(pod('g', both, both))).toBe('/n1/kubepods/podg');
    expect(cgroups.ensure(pod('b', { cpu: '250m' }))).toBe('/n1/kubepods/burstable/podb');
    expect(cgroups.ensure(pod('e', {}))).toBe('/n1/kubepods/besteffort/pode');
    expect(tree.groups.get('/n1/kubepods')).toMatchObject({ cpuQuotaUs: 200_000, memoryBytes: 2 ** 30 });
    expect(tree.groups.get('/n1/kubepods/podg')).toMatchObject({
      cpuShares: 512,
      cpuQuotaUs: 50_000,
      memoryBytes: 64 * 2 ** 20,
    });
    expect(tree.groups.get('/n1/kubepods/burstable')).toMatchObject({ cpuShares: 256 });
    expect(cgroups.list().sort()).toEqual(['b', 'e', 'g']);
    cgroups.remove('b');
    expect(tree.groups.get('/n1/kubepods/burstable')).toMatchObject({ cpuShares: 2 });
    expect(cgroups.list()).not.toContain('b');
  });
});

describe('CPU limits above the node', () => {
  const quotas = (version: 1 | 2) => {
    const cgroups = new PodCgroups(Object.assign(new MemoryCgroups(), { version }), '/n1');
    cgroups.setUpNode({ cpuMillis: 666, memoryBytes: 2 ** 30 });
    return [500, 666, 1250, undefined].map((millis) => cgroups.cpuQuotaUs(millis));
  };
  it.each([
    [1, [50_000, 0, 0, 0]],
    [2, [50_000, 66_600, 125_000, 0]],
  ] as const)('version %d', (version, expected) => expect(quotas(version)).toEqual(expected));
});

describe('weightOf', () => {
  it.each([
    [2, 1],
    [1024, 39],
    [262_144, 10_000],
  ])('%d shares weigh %d', (shares, weight) => expect(weightOf(shares)).toBe(weight));
});
