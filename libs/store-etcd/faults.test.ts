import { jest } from '@jest/globals';
import { type EtcdServer, startEtcd } from '../../test/support/etcd-server.ts';
import { put } from '../store/conformance/follower.ts';
import { type Entry, type Store, StoreUnavailableError, type WatchEvent } from '../store/store.ts';
import { openEtcdStore } from './etcd-store.ts';

jest.setTimeout(60_000);

/** Everything under `/w/` after a revision, up to the writing of `/w/last`. */
async function follow(store: Store, afterRevision: number): Promise<WatchEvent[]> {
  const stopper = new AbortController();
  const events: WatchEvent[] = [];
  for await (const batch of store.watch('/w/', { afterRevision, signal: stopper.signal })) {
    events.push(...batch.events);
    if (events.at(-1)?.key === '/w/last') stopper.abort();
  }
  return events;
}

/** Writes until it works: what a client does while etcd is away. */
async function putAgain(store: Store, key: string, value: string): Promise<number> {
  for (;;) {
    try {
      return await put(store, key, value);
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailableError);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Counts a key up, one guarded write after another; after a write without an answer the key says whether it counted. */
async function countUp(store: Store, key: string, signal: AbortSignal) {
  const acknowledged: number[] = [];
  let lost = 0;
  let known: { turn: number; revision: number } | undefined = { turn: -1, revision: 0 };
  while (!signal.aborted) {
    try {
      known ??= stateOf(await store.get(key));
      const writes = [{ key, value: Buffer.from(String(known.turn + 1)) }];
      const guards = [{ key, revision: known.revision }];
      const { turn }: { turn: number } = known;
      known = undefined;
      lost++;
      const { writeRevisions } = await store.commit({ guards, writes });
      lost--;
      acknowledged.push(writeRevisions[0]!);
      known = { turn: turn + 1, revision: writeRevisions[0]! };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return { acknowledged, lost };
}

const stateOf = (entry: Entry | undefined) =>
  entry === undefined
    ? { turn: -1, revision: 0 }
    : { turn: Number(Buffer.from(entry.value).toString()), revision: entry.revision };

describe('the etcd store in trouble', () => {
  let server: EtcdServer;
  let store: Store;
  beforeEach(async () => {
    server = await startEtcd({ extraArguments: ['--quota-backend-bytes', String(4 * 2 ** 20)] });
    store = openEtcdStore({ endpoints: [server.url], keyPrefix: '/c1' });
  });
  afterEach(async () => {
    await store.close();
    await server.dispose();
  });

  it('goes on watching without gap or duplicate when etcd is killed and comes back', async () => {
    const first = await put(store, '/w/0', '0');
    const watching = follow(store, first);
    const acknowledged: number[] = [];
    for (let round = 1; round <= 3; round++) {
      acknowledged.push(await putAgain(store, `/w/${round}`, 'before'));
      await server.kill();
      await expect(store.get('/w/0')).rejects.toThrow(StoreUnavailableError);
      await server.start();
      acknowledged.push(await putAgain(store, `/w/${round}`, 'after'));
    }
    const last = await putAgain(store, '/w/last', '');
    const events = await watching;
    expect(events).toEqual(await follow(store, first));
    const revisions = events.map(({ revision }) => revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(revisions).toEqual(expect.arrayContaining([...acknowledged, last]));
  });

  it('loses nothing that it acknowledged and repeats nothing when etcd dies amid rounds', async () => {
    const first = await put(store, '/w/start', '');
    const watching = follow(store, first);
    const stopper = new AbortController();
    const lanes = Array.from({ length: 40 }, (_, at) => countUp(store, `/w/${at}`, stopper.signal));
    for (let round = 0; round < 2; round++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await server.kill();
      await server.start();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    stopper.abort();
    const counted = await Promise.all(lanes);
    await putAgain(store, '/w/last', '');
    const events = await watching;
    for (const [at, { acknowledged, lost }] of counted.entries()) {
      const told = events.filter(({ key }) => key === `/w/${at}`);
      // Each turn was written once, those without an answer too if at all.
      expect(told.map(({ value }) => Number(Buffer.from(value!).toString()))).toEqual(told.map((_, turn) => turn));
      const revisions = new Set(told.map(({ revision }) => revision));
      expect(acknowledged.filter((revision) => !revisions.has(revision))).toEqual([]);
      expect(told.length - acknowledged.length).toBeLessThanOrEqual(lost);
    }
    expect(counted.some(({ lost }) => lost > 0)).toBe(true);
    expect(counted.filter(({ acknowledged }) => acknowledged.length > 1).length).toBeGreaterThan(counted.length / 2);
  });

  it('goes on after somebody has emptied etcd, however many keys went at once', async () => {
    const names = Array.from({ length: 2500 }, (_, at) => `/w/${at}`);
    await Promise.all(names.map((key) => put(store, key, 'x')));
    const every = Buffer.from([0]).toString('base64');
    const body = JSON.stringify({ key: every, range_end: every });
    const emptied = await fetch(`${server.url}/v3/kv/deleterange`, { method: 'POST', body });
    expect(await emptied.json()).toMatchObject({ deleted: String(names.length) });
    const { entries, revision } = await store.list('/w/');
    expect(entries).toEqual([]);
    const told = follow(store, revision);
    const written = [await put(store, '/w/first', 'a'), await put(store, '/w/last', 'b')];
    expect((await told).map((event) => event.revision)).toEqual(written);
  });

  it('says that etcd is full', async () => {
    const value = Buffer.alloc(400_000, 1);
    const fill = async () => {
      for (let at = 0; at < 40; at++) await put(store, `/full/${at}`, value);
    };
    await expect(fill()).rejects.toThrow(/no space left/);
    await expect(store.get('/full/0')).resolves.toBeDefined();
  });

  it('keeps clusters with different prefixes apart', async () => {
    const other = openEtcdStore({ endpoints: [server.url], keyPrefix: '/c2' });
    await put(store, '/a', 'mine');
    await put(other, '/a', 'theirs');
    await put(other, '/b', 'theirs');
    expect((await store.list('/')).entries.map(({ key, value }) => [key, Buffer.from(value).toString()])).toEqual([
      ['/a', 'mine'],
    ]);
    await other.close();
  });

  it('shows what is newest although another cluster wrote it', async () => {
    const other = openEtcdStore({ endpoints: [server.url], keyPrefix: '/c2' });
    await put(store, '/a', 'mine');
    const stopper = new AbortController();
    const watch = store.watch('/', { afterRevision: 1, signal: stopper.signal })[Symbol.asyncIterator]();
    for (let round = 0; round < 3; round++) {
      await put(other, '/a', 'theirs');
      const { revision } = await store.commit({ guards: [], writes: [] });
      for (let shown = 0; shown < revision; ) shown = (await watch.next()).value!.revision;
    }
    stopper.abort();
    await other.close();
  });

  it('logs in again when etcd has forgotten who it is', async () => {
    const ask = (path: string, body: object) =>
      fetch(`${server.url}/v3/auth/${path}`, { method: 'POST', body: JSON.stringify(body) });
    await ask('user/add', { name: 'root', password: 'secret' });
    await ask('role/add', { name: 'root' });
    await ask('user/grant', { user: 'root', role: 'root' });
    await ask('enable', {});
    const known = openEtcdStore({
      endpoints: [server.url],
      keyPrefix: '',
      login: { user: 'root', password: 'secret' },
    });
    const first = await put(known, '/w/0', '0');
    await expect(put(store, '/w/1', '1')).rejects.toThrow(StoreUnavailableError);
    await server.kill();
    await server.start();
    const told = follow(known, first);
    const last = await putAgain(known, '/w/last', '');
    await expect(told).resolves.toMatchObject([{ key: '/w/last', revision: last }]);
    await known.close();
  });

  it('uses the members that answer', async () => {
    const both = openEtcdStore({ endpoints: ['http://127.0.0.1:1', server.url], keyPrefix: '' });
    expect(await both.get('/a')).toBeUndefined();
    await expect(put(both, '/a', '1')).resolves.toBeGreaterThan(0);
    await both.close();
  });
});
