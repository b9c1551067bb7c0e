import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { ensureRoots, keptRoots } from '../../libs/pki/roots.ts';
import type { Store } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';
import { readClusterSecret, rootsKey, shareRoots } from './shared-roots.ts';

const secret = 'a secret that programs made';

describe('the roots of servers over one store', () => {
  let folder: string;
  let store: Store;
  let warnings: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'berth-shared-'));
    store = openEmbeddedStore({ path: join(folder, 'store') });
    warnings = [];
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const home = (name: string) => ({ path: join(folder, name), clock: systemClock });
  const logger = { ...silentLogger, warn: (message: string) => warnings.push(message) };
  const start = (name: string, known?: string, over = store) =>
    shareRoots({ store: over, directory: home(name), secret: known, logger });
  const record = async () => JSON.parse(Buffer.from((await store.get(rootsKey))!.value).toString());

  it('are the first server’s for all who know the secret', async () => {
    for (const name of ['a', 'b', 'a']) await start(name, secret);
    expect(await keptRoots(home('b'))).toEqual(await keptRoots(home('a')));
    expect(warnings).toEqual([]);
  });

  it('are one server’s when two start at once', async () => {
    await Promise.all(['a', 'b', 'c'].map((name) => start(name, secret)));
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name) => keptRoots(home(name))));
    expect(a).toBeDefined();
    expect([b, c]).toEqual([a, a]);
  });

  it('are those of a cluster that had no secret before', async () => {
    await start('a');
    const before = await keptRoots(home('a'));
    expect(await record()).not.toHaveProperty('sealed');
    await start('a', secret);
    await start('b', secret);
    expect(await keptRoots(home('b'))).toEqual(before);
  });

  it('need no secret once they are there', async () => {
    await start('a', secret);
    await start('a');
    expect((await record()).sealed).toBeDefined();
    expect(warnings).toEqual([]);
  });

  it('are taken again after a crash between store and disk', async () => {
    await start('a', secret);
    const roots = await keptRoots(home('a'));
    rmSync(join(folder, 'a'), { recursive: true });
    await start('a', secret);
    expect(await keptRoots(home('a'))).toEqual(roots);
  });

  const refusals = [
    {
      what: 'another secret',
      first: secret,
      home: 'b',
      second: `${secret}!`,
      error: 'the cluster secret is not the one',
    },
    { what: 'no secret and no keys', first: secret, home: 'b', second: undefined, error: 'give --cluster-secret-file' },
    {
      what: 'the secret where nobody sealed',
      first: undefined,
      home: 'b',
      second: secret,
      error: 'are neither in the store',
    },
    { what: 'keys of its own', first: secret, home: 'other', second: secret, error: 'use another --home' },
    {
      what: 'no secret but keys of its own',
      first: secret,
      home: 'other',
      second: undefined,
      error: 'give --cluster-secret-file',
    },
  ];
  it.each(refusals)('are refused to a server with $what', async ({ first, home: name, second, error }) => {
    await ensureRoots(home('other'));
    await start('a', first);
    const before = await record();
    await expect(start(name, second)).rejects.toThrow(error);
    expect(await record()).toEqual(before);
  });

  it('that change without a secret are told of once', async () => {
    await start('a');
    await start('b');
    await start('b');
    expect(warnings).toEqual([expect.stringContaining('used with another authority')]);
  });

  it('fail with a store that fails', async () => {
    const broken: Store = { ...store, get: () => Promise.reject(new Error('no store')) };
    await expect(start('a', secret, broken)).rejects.toThrow('no store');
  });

  it('have a secret that is long enough', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, ` ${secret}\n`);
    expect(await readClusterSecret(file)).toBe(secret);
    writeFileSync(file, 'short\n');
    await expect(readClusterSecret(file)).rejects.toThrow('want at least 16 characters');
  });
});
