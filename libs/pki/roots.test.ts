import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { ensureRoots, keptRoots, newRoots, openRoots, rootsHash, sealRoots, writeRoots } from './roots.ts';

const secret = 'a secret that programs made';

describe('sealed roots', () => {
  it('open with their secret', async () => {
    const roots = await newRoots(systemClock);
    const sealed = sealRoots(roots, secret);
    expect(openRoots(sealed, secret)).toEqual(roots);
    expect(sealed).not.toContain(Buffer.from('PRIVATE KEY').toString('base64').slice(0, 12));
    expect(sealRoots(roots, secret)).not.toBe(sealed);
  });

  it('stay shut for another secret, and when they were changed', async () => {
    const sealed = sealRoots(await newRoots(systemClock), secret);
    const bytes = Buffer.from(sealed, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    for (const [text, key] of [
      [sealed, `${secret}!`],
      [bytes.toString('base64'), secret],
      ['', secret],
    ] as const) {
      expect(() => openRoots(text, key)).toThrow('the cluster secret is not the one');
    }
  });
});

describe('roots in a directory', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'berth-roots-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  it('are those that were written', async () => {
    const directory = { path, clock: systemClock };
    expect(await keptRoots(directory)).toBeUndefined();
    expect(await readdir(path)).toEqual([]);
    const roots = await newRoots(systemClock);
    await writeRoots(directory, roots);
    expect(await keptRoots(directory)).toEqual(roots);
    expect(await ensureRoots(directory)).toEqual(roots);
    expect(rootsHash(roots)).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('are written again when writing was cut short', async () => {
    const directory = { path, clock: systemClock };
    const roots = await newRoots(systemClock);
    await writeRoots(directory, await newRoots(systemClock));
    await rm(join(path, 'ca.crt'));
    expect(await keptRoots(directory)).toBeUndefined();
    await writeRoots(directory, roots);
    expect(await keptRoots(directory)).toEqual(roots);
  });
});
