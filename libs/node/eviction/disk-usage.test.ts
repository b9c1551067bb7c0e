import { execFileSync } from 'node:child_process';
import { linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskUsage } from './disk-usage.ts';

describe('the disk that a folder takes', () => {
  let root: string;
  const at = (path: string) => join(root, path);
  const bytesOf = (...paths: string[]) => paths.reduce((sum, path) => sum + lstatSync(at(path)).blocks * 512, 0);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'usage-'));
    mkdirSync(at('pod/below'), { recursive: true });
    writeFileSync(at('pod/a'), Buffer.alloc(100_000, 1));
    writeFileSync(at('pod/below/b'), Buffer.alloc(50_000, 1));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('is that of its files, at every depth', async () => {
    const all = bytesOf('pod', 'pod/a', 'pod/below', 'pod/below/b');
    expect(all).toBeGreaterThanOrEqual(150_000);
    expect(await diskUsage(at('pod'))).toBe(all);
    expect(await diskUsage(at('pod/a'))).toBe(bytesOf('pod/a'));
  });

  it('leaves out what links lead to, and counts the links', async () => {
    mkdirSync(at('linked'));
    symlinkSync(at('pod'), at('linked/folder'));
    symlinkSync(at('nowhere'), at('linked/broken'));
    expect(await diskUsage(at('linked'))).toBe(bytesOf('linked', 'linked/folder', 'linked/broken'));
  });

  it('counts a file once, however many names it has', async () => {
    linkSync(at('pod/a'), at('pod/again'));
    linkSync(at('pod/a'), at('pod/below/again'));
    expect(await diskUsage(at('pod'))).toBe(bytesOf('pod', 'pod/a', 'pod/below', 'pod/below/b'));
    expect(await diskUsage(at('pod/below'))).toBe(bytesOf('pod/below', 'pod/below/b', 'pod/below/again'));
  });

  it('leaves out what is mounted below', async () => {
    mkdirSync(at('pod/memory'));
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', at('pod/memory')]);
    try {
      writeFileSync(at('pod/memory/c'), Buffer.alloc(200_000, 1));
      expect(await diskUsage(at('pod'))).toBe(bytesOf('pod', 'pod/a', 'pod/below', 'pod/below/b'));
    } finally {
      execFileSync('umount', ['-l', at('pod/memory')]);
    }
  });

  it('leaves out what it is told to, such as a folder of the same file system that is bound below', async () => {
    mkdirSync(at('elsewhere'));
    writeFileSync(at('elsewhere/c'), Buffer.alloc(200_000, 1));
    mkdirSync(at('pod/bound'));
    const leaveOut = (path: string) => path === at('pod/bound');
    const own = bytesOf('pod', 'pod/a', 'pod/below', 'pod/below/b');
    execFileSync('mount', ['--bind', at('elsewhere'), at('pod/bound')]);
    try {
      expect(await diskUsage(at('pod'))).toBe(own + bytesOf('elsewhere', 'elsewhere/c'));
      expect(await diskUsage(at('pod'), { leaveOut })).toBe(own);
    } finally {
      execFileSync('umount', ['-l', at('pod/bound')]);
    }
  });

  it('is told for parts as well', async () => {
    const parts = new Map([at('pod/below'), at('pod/nowhere')].map((path) => [path, 0]));
    expect(await diskUsage(at('pod'), { parts })).toBe(bytesOf('pod', 'pod/a', 'pod/below', 'pod/below/b'));
    expect([...parts.values()]).toEqual([bytesOf('pod/below', 'pod/below/b'), 0]);
  });

  it('is none where there is nothing', async () => {
    expect(await diskUsage(at('nowhere'))).toBe(0);
  });

  it('counts what stays while what has been listed beside it goes before it is looked at', async () => {
    const names = ['pod/0', 'pod/b', 'pod/below/c'];
    for (const name of names) writeFileSync(at(name), Buffer.alloc(10_000, 1));
    const asked: string[] = [];
    const going = (path: string) => {
      if (!names.some((name) => at(name) === path)) return false;
      rmSync(path);
      asked.push(path);
      return false;
    };
    expect(await diskUsage(at('pod'), { leaveOut: going })).toBe(bytesOf('pod', 'pod/a', 'pod/below', 'pod/below/b'));
    expect(asked.sort()).toEqual(names.map(at));
  });
});
