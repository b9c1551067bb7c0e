import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WatchEvent } from '../store/store.ts';
import { openEmbeddedStore } from './embedded-store.ts';
import { Log } from './log.ts';
import { encodeRowKey, positionOf } from './row.ts';

describe('a store of before each write had a revision of its own', () => {
  let path: string;
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'berth-store-'));
    const log = new Log(path);
    const row = (revision: number, place: number, key: string) => ({
      row: encodeRowKey(positionOf(revision, place), revision, key),
      value: Buffer.from(`${revision}.${place}`),
    });
    // One transaction of three writes, and one of one.
    await log.write({ puts: [row(1, 0, '/a'), row(1, 1, '/b'), row(1, 2, '/c'), row(2, 0, '/d')], removals: [] });
    await log.close();
  });
  afterEach(() => rmSync(path, { recursive: true, force: true }));

  it('is read and goes on', async () => {
    const store = openEmbeddedStore({ path });
    expect(await store.status()).toMatchObject({ revision: 2 });
    const shown = async (revision?: number) =>
      (await store.list('/', { revision })).entries.map((entry) => `${entry.key}@${entry.revision}`);
    expect(await shown()).toEqual(['/a@1', '/b@1', '/c@1', '/d@2']);
    expect(await shown(1)).toEqual(['/a@1', '/b@1', '/c@1']);
    const value = Buffer.from('new');
    const { writeRevisions } = await store.commit({
      guards: [{ key: '/b', revision: 1 }],
      writes: [
        { key: '/b', value },
        { key: '/c', value: null },
      ],
    });
    expect(writeRevisions).toEqual([3, 4]);
    expect(await shown(3)).toEqual(['/a@1', '/b@3', '/c@1', '/d@2']);
    const events: WatchEvent[] = [];
    const stopper = new AbortController();
    for await (const batch of store.watch('/', { afterRevision: 0, signal: stopper.signal })) {
      events.push(...batch.events);
      if (batch.revision === 4) stopper.abort();
    }
    expect(events.map(({ key, revision }) => `${key}@${revision}`)).toEqual([
      ...['/a@1', '/b@1', '/c@1', '/d@2'],
      ...['/b@3', '/c@4'],
    ]);
    await store.compact(4);
    expect(await shown()).toEqual(['/a@1', '/b@3', '/d@2']);
    await store.close();
  });
});
