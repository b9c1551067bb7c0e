import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeVolume } from './atomic.ts';
import { resolveSubPath } from './subpath.ts';

describe('writeVolume', () => {
  let directory: string;
  let nonce = 0;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'berth-volume-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = (files: Record<string, string>, mode = 0o644) => {
    nonce += 1;
    const content = new Map(Object.entries(files).map(([path, text]) => [path, { data: Buffer.from(text), mode }]));
    return writeVolume(directory, content, { gid: undefined, nowMs: 0, nonce: String(nonce) });
  };
  const read = (path: string) => readFileSync(join(directory, path), 'utf8');

  it('writes files behind links, with their modes', async () => {
    expect(await write({ a: '1', 'deep/er': '2' }, 0o400)).toBe(true);
    expect([read('a'), read('deep/er')]).toEqual(['1', '2']);
    expect(readlinkSync(join(directory, 'a'))).toBe('..data/a');
    expect(statSync(join(directory, 'a')).mode & 0o777).toBe(0o400);
  });

  it('leaves what is as it should be', async () => {
    await write({ a: '1' });
    const before = readlinkSync(join(directory, '..data'));
    expect(await write({ a: '1' })).toBe(false);
    expect(readlinkSync(join(directory, '..data'))).toBe(before);
  });

  it('swaps everything at once and removes what is no more', async () => {
    await write({ a: '1', b: '1' });
    await write({ a: '2', c: '2' });
    expect(read('a')).toBe('2');
    expect(
      readdirSync(directory)
        .filter((name) => !name.startsWith('..'))
        .sort(),
    ).toEqual(['a', 'c']);
    expect(readdirSync(directory).filter((name) => name.startsWith('..2') || name.startsWith('..1'))).toHaveLength(1);
  });

  it('finds a subPath and refuses one that leads out', async () => {
    await write({ a: '1' });
    expect(await resolveSubPath(directory, 'a')).toContain('/a');
    expect(await resolveSubPath(directory, 'new/one')).toBe(join(directory, 'new/one'));
    await expect(resolveSubPath(directory, '../x')).rejects.toThrow('must be a relative path');
  });
});
