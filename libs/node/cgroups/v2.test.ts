import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PodCgroups } from './pods.ts';
import { CgroupV2 } from './v2.ts';

const files = ['cpu.weight', 'cpu.max', 'memory.max', 'pids.max'];

describe('a unified hierarchy', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'berth-cgroup2-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** Ordinary files in place of the kernel's. */
  function group(path: string, present: readonly string[] = files): void {
    mkdirSync(join(root, path), { recursive: true });
    for (const file of [...present, 'cgroup.subtree_control']) writeFileSync(join(root, path, file), '');
    writeFileSync(join(root, path, 'cgroup.controllers'), 'cpu memory pids');
  }
  const read = (path: string) => readFileSync(join(root, path), 'utf8');

  it.each([
    [
      'limits',
      { cpuShares: 1024, cpuQuotaUs: 50_000, memoryBytes: 2 ** 20, pidsMax: 9 },
      ['39', '50000 100000', '1048576', '9'],
    ],
    ['no limits', { cpuShares: 2, cpuQuotaUs: 0, memoryBytes: 0, pidsMax: 0 }, ['1', 'max 100000', 'max', 'max']],
    ['what is left as it is', {}, ['', '', '', '']],
  ])('is given %s', (_, limits, texts) => {
    group('a');
    new CgroupV2(root).ensure('/a', limits);
    expect(files.map((file) => read(`a/${file}`))).toEqual(texts);
  });

  it('hands controllers down to the groups below', () => {
    group('');
    group('a');
    group('a/b');
    new CgroupV2(root).ensure('/a/b', { memoryBytes: 1 });
    expect(read('cgroup.subtree_control')).toMatch(/^\+(cpu|memory|pids)$/);
    expect(read('a/cgroup.subtree_control')).toMatch(/^\+(cpu|memory|pids)$/);
    expect(read('a/b/cgroup.subtree_control')).toBe('');
  });

  it('says which controller is not there, rather than run without a limit', () => {
    group('a', ['cpu.weight', 'cpu.max', 'pids.max']);
    const limit = () => new CgroupV2(root).ensure('/a', { memoryBytes: 1 });
    expect(limit).toThrow(/a has no memory.max: the controller memory is not handed down to it/);
  });

  it.each([
    ['with an account of swap', [...files, 'memory.swap.max'], { 'memory.oom.group': '1', 'memory.swap.max': '0' }],
    ['without', files, { 'memory.oom.group': '1' }],
  ])('ends containers whole and keeps them from swap, %s', (_, present, expected) => {
    for (const path of ['n/kubepods', 'n/kubepods/burstable', 'n/kubepods/besteffort']) group(path, present);
    const cgroups = new PodCgroups(new CgroupV2(root), '/n');
    cgroups.setUpNode({ cpuMillis: 1000, memoryBytes: 1 });
    expect(cgroups.containerFiles).toEqual(expected);
  });
});
