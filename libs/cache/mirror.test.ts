import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/log.ts';
import { type Store, StoreUnavailableError } from '../store/store.ts';
import { openEmbeddedStore } from '../store-embedded/embedded-store.ts';
import { StoreMirror } from './mirror.ts';
import { storedValue } from './stored-value.ts';

describe('StoreMirror', () => {
  let path: string;
  let store: Store;
  let mirror: StoreMirror;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'mirror-'));
    store = openEmbeddedStore({ path });
    await put('before');
    mirror = new StoreMirror({ store, storeShared: true, clock: systemClock, logger: silentLogger });
    await mirror.start();
  });

  afterEach(async () => {
    await mirror.stop();
    await store.close();
    rmSync(path, { recursive: true });
  });

  async function put(name: string): Promise<number> {
    const key = `/registry/core/configmaps/x/${name}`;
    const value = storedValue({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name } });
    return (await store.commit({ guards: [], writes: [{ key, value }] })).revision;
  }

  const names = () => [...mirror.collection('', 'configmaps').list({})].map(([key]) => key);

  it('shows what stood before it started', () => {
    expect(names()).toEqual(['x/before']);
  });

  it('knows nothing of what happened before it started', () => {
    expect(mirror.collection('', 'configmaps').floorRevision).toBe(mirror.revision);
    expect(mirror.collection('', 'secrets').floorRevision).toBe(mirror.revision);
  });

  it('knows after another start what watchers of before have missed', async () => {
    const seen = await put('seen');
    await put('missed');
    await store.commit({ guards: [], writes: [{ key: '/registry/core/configmaps/x/before', value: null }] });
    const next = new StoreMirror({ store, storeShared: true, clock: systemClock, logger: silentLogger });
    await next.start();
    const collection = next.collection('', 'configmaps');
    expect([...collection.list({})].map(([key]) => key)).toEqual(['x/missed', 'x/seen']);
    expect(collection.floorRevision).toBeLessThanOrEqual(seen);
    const events: string[] = [];
    const sink = {
      event: (type: string, { key }: { key: string }) => void events.push(`${type} ${key}`),
      settled() {},
      expired() {},
    };
    collection.watch({}, seen, sink).cancel();
    expect(events).toEqual(['ADDED x/missed', 'DELETED x/before']);
    await next.stop();
  });

  it('starts from what is kept when the history has been given up', async () => {
    await put('one');
    const newest = await put('two');
    await store.compact(newest);
    const next = new StoreMirror({ store, storeShared: true, clock: systemClock, logger: silentLogger });
    await next.start();
    const collection = next.collection('', 'configmaps');
    expect([...collection.list({})].map(([key]) => key)).toEqual(['x/before', 'x/one', 'x/two']);
    expect(collection.floorRevision).toBe(newest);
    await next.stop();
  });

  it('shows a write once its revision has been waited for', async () => {
    await mirror.shows(await put('after'));
    expect(names()).toEqual(['x/after', 'x/before']);
  });

  it('catches up with writes that it was never told of', async () => {
    await Promise.all(['a', 'b', 'c'].map(put));
    await Promise.all([mirror.current(), mirror.current()]);
    expect(names()).toEqual(['x/a', 'x/b', 'x/before', 'x/c']);
  });

  it('is current again and again, however many ask', async () => {
    for (let round = 0; round < 20; round++) {
      const written = await put(`r${round}`);
      await Promise.all([mirror.current(), mirror.current(), mirror.current()]);
      expect(mirror.revision).toBeGreaterThanOrEqual(written);
    }
  });

  it('says that the store is unavailable, and asks it again', async () => {
    const asks = [() => mirror.current(), () => mirror.catchUp()];
    const commit = store.commit.bind(store);
    for (const ask of asks) {
      store.commit = () => Promise.reject(new StoreUnavailableError('the disk is full'));
      // The second shares the question that comes after the first.
      for (const answer of await Promise.allSettled([ask(), ask()])) {
        const reason = { reason: 'ServiceUnavailable', code: 503, details: { retryAfterSeconds: 1 } };
        expect(answer).toMatchObject({ status: 'rejected', reason });
      }
      store.commit = commit;
      await ask();
    }
  });

  it('refuses to wait long for a revision from the future', async () => {
    const revision = mirror.revision + 1_000;
    await expect(mirror.shows(revision)).rejects.toMatchObject({
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
    });
  });
});
