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

  it('counts a file for each of its names', async () => {
    linkSync(at('pod/a'), at('pod/again'));
    expect(await diskUsage(at('pod'))).toBe(bytesOf('pod', 'pod/a', 'pod/again', 'pod/below', 'pod/below/b'));
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

  it('is none where there is nothing', async () => {
    expect(await diskUsage(at('nowhere'))).toBe(0);
  });

  it('counts what stays while files around it go', async () => {
    const names = Array.from({ length: 400 }, (_, index) => `pod/gone-${index}`);
    for (const name of names) writeFileSync(at(name), '');
    const looking = diskUsage(at('pod'));
    for (const name of names) rmSync(at(name));
    expect(await looking).toBeGreaterThanOrEqual(bytesOf('pod/a', 'pod/below/b'));
  });
});
