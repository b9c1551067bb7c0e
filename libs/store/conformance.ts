import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sleep, systemClock } from '../base/clock.ts';
import {
  CompactedError,
  type Entry,
  GuardFailedError,
  type Store,
  StoreUnavailableError,
  type WatchEvent,
} from './store.ts';

/** A backend under test. Each `open` within one fixture opens the same data. */
export interface StoreFixture {
  open(): Promise<Store>;
  dispose(): Promise<void>;
}

const text = (value: Uint8Array | null | undefined) => (value == null ? value : Buffer.from(value).toString());
const bytes = (value: string) => Buffer.from(value);

/** What every backend must do; called once in the tests of each. */
export function describeStore(name: string, makeFixture: () => Promise<StoreFixture>): void {
  describe(`store semantics on ${name}`, () => {
    let fixture: StoreFixture;
    let store: Store;
    beforeEach(async () => {
      fixture = await makeFixture();
      store = await fixture.open();
    });
    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });
    describeTransactions(() => store);
    describeGuards(() => store);
    describeLists(() => store);
    describeWatches(() => store);
    describeCompaction(() => store);
    describeReopening(
      () => store,
      async () => {
        await store.close();
        store = await fixture.open();
      },
    );
  });
}

const put = (store: Store, key: string, value: string) =>
  store.commit({ guards: [], writes: [{ key, value: bytes(value) }] });
const remove = (store: Store, key: string) => store.commit({ guards: [], writes: [{ key, value: null }] });

function describeTransactions(the: () => Store): void {
  it('gives each writing transaction the next revision', async () => {
    const first = await put(the(), '/a', '1');
    const second = await put(the(), '/b', '2');
    const third = await put(the(), '/a', '3');
    expect([second, third]).toEqual([first + 1, first + 2]);
    const { revision, createRevision, value } = (await the().get('/a'))!;
    expect({ revision, createRevision, value: text(value) }).toEqual({
      revision: third,
      createRevision: first,
      value: '3',
    });
  });

  it('answers undefined for a key that is not there', async () => {
    await put(the(), '/a', '1');
    expect(await the().get('/')).toBeUndefined();
    await remove(the(), '/a');
    expect(await the().get('/a')).toBeUndefined();
  });

  it('begins a new life for a key that was removed and created again', async () => {
    await put(the(), '/a', '1');
    await remove(the(), '/a');
    const revision = await the().commit({
      guards: [{ key: '/a', revision: 0 }],
      writes: [{ key: '/a', value: bytes('2') }],
    });
    expect(await the().get('/a')).toMatchObject({ revision, createRevision: revision });
  });
}

function describeGuards(the: () => Store): void {
  it('writes only when every guard holds, and says what stands instead', async () => {
    const revision = await put(the(), '/a', '1');
    const guarded = (key: string, at: number) =>
      the().commit({
        guards: [
          { key: '/a', revision },
          { key, revision: at },
        ],
        writes: [
          { key: '/a', value: bytes('2') },
          { key: '/b', value: bytes('2') },
        ],
      });
    const error = await guarded('/b', 7).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(GuardFailedError);
    expect((error as GuardFailedError).current).toEqual([{ key: '/b', entry: undefined }]);
    expect(text((await the().get('/a'))?.value)).toBe('1');
    expect(await guarded('/b', 0)).toBe(revision + 1);
    const late = await guarded('/b', 0).catch((e: unknown) => e);
    const failed = (late as GuardFailedError).current.map(({ key, entry }) => [
      key,
      entry?.revision,
      text(entry?.value),
    ]);
    expect(failed).toEqual([
      ['/a', revision + 1, '2'],
      ['/b', revision + 1, '2'],
    ]);
  });

  it('lets exactly one of many racing creations win', async () => {
    const create = (value: string) =>
      the().commit({ guards: [{ key: '/race', revision: 0 }], writes: [{ key: '/race', value: bytes(value) }] });
    const results = await Promise.allSettled(Array.from({ length: 32 }, (_, i) => create(String(i))));
    const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [String(i)] : []));
    expect(won).toHaveLength(1);
    expect(text((await the().get('/race'))?.value)).toBe(won[0]);
  });

  it('counts with guards and loses no update', async () => {
    await put(the(), '/n', '0');
    const increment = async () => {
      for (;;) {
        const { revision, value } = (await the().get('/n'))!;
        const writes = [{ key: '/n', value: bytes(String(Number(text(value)) + 1)) }];
        try {
          return await the().commit({ guards: [{ key: '/n', revision }], writes });
        } catch (error) {
          if (!(error instanceof GuardFailedError)) throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    expect(text((await the().get('/n'))?.value)).toBe('20');
  });

  it('takes no revision for a transaction that writes nothing', async () => {
    const revision = await put(the(), '/a', '1');
    expect(await the().commit({ guards: [{ key: '/a', revision }], writes: [] })).toBe(revision);
    expect(await remove(the(), '/gone')).toBe(revision);
    await expect(the().commit({ guards: [{ key: '/a', revision: revision + 1 }], writes: [] })).rejects.toThrow(
      GuardFailedError,
    );
  });
}

function describeLists(the: () => Store): void {
  const names = (entries: readonly Entry[]) => entries.map(({ key, value }) => `${key}=${text(value)}`);

  it('lists a prefix in key order and nothing beside it', async () => {
    for (const key of ['/p/b', '/p/a', '/q/a', '/p/c/d', '/p', '/p0', '/p/A']) await put(the(), key, key.slice(-1));
    const page = await the().list('/p/');
    expect(names(page.entries)).toEqual(['/p/A=A', '/p/a=a', '/p/b=b', '/p/c/d=d']);
    expect(page).toMatchObject({ more: false, remaining: 0, revision: (await the().status()).revision });
  });

  it('pages through one revision while writes go on', async () => {
    for (let i = 0; i < 10; i++) await put(the(), `/p/${i}`, 'old');
    const seen: string[] = [];
    const first = await the().list('/p/', { limit: 3 });
    expect(first).toMatchObject({ more: true, remaining: 7 });
    let page = first;
    for (;;) {
      seen.push(...names(page.entries));
      if (!page.more) break;
      await put(the(), '/p/9', 'new');
      await put(the(), '/p/95', 'new');
      await remove(the(), '/p/4');
      page = await the().list('/p/', { limit: 3, after: page.entries.at(-1)!.key, revision: first.revision });
      expect(page.revision).toBe(first.revision);
    }
    expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `/p/${i}=old`));
    expect(names((await the().list('/p/9')).entries)).toEqual(['/p/9=new', '/p/95=new']);
  });

  it('lists thousands of entries and large ones whole', async () => {
    const value = Buffer.alloc(200_000, 'x');
    const keys = Array.from({ length: 1500 }, (_, i) => `/many/${String(i).padStart(5, '0')}`);
    await Promise.all(keys.map((key) => put(the(), key, key)));
    await Promise.all(
      keys.slice(0, 60).map((_, i) => the().commit({ guards: [], writes: [{ key: `/large/${i}`, value }] })),
    );
    expect((await the().list('/many/')).entries.map(({ key }) => key)).toEqual(keys);
    const large = await the().list('/large/');
    expect(large.entries.every((entry) => entry.value.byteLength === value.byteLength)).toBe(true);
    expect(large.entries).toHaveLength(60);
  });
}

/** Follows a prefix and keeps all that it is told. */
class Follower {
  readonly events: WatchEvent[] = [];
  readonly batchEnds: number[] = [];
  revision = 0;
  error: unknown;
  private readonly stopper = new AbortController();
  private readonly done: Promise<void>;

  constructor(store: Store, prefix: string, afterRevision?: number) {
    this.done = this.run(store, prefix, afterRevision);
  }

  private async run(store: Store, prefix: string, afterRevision: number | undefined): Promise<void> {
    try {
      for await (const batch of store.watch(prefix, { afterRevision, signal: this.stopper.signal })) {
        this.events.push(...batch.events);
        this.revision = batch.revision;
        if (batch.events.length > 0) this.batchEnds.push(batch.events.at(-1)!.revision);
      }
    } catch (error) {
      this.error = error;
    }
  }

  /** Resolves when `count` events have come or the watch has failed. */
  async until(count: number): Promise<void> {
    for (let turns = 0; this.events.length < count && this.error === undefined && turns < 2000; turns++) {
      await sleep(systemClock, 5);
    }
  }

  async stop(): Promise<void> {
    this.stopper.abort();
    await this.done;
  }
}

function describeWatches(the: () => Store): void {
  const told = (follower: Follower) =>
    follower.events.map(({ key, value, revision, createRevision }) => [key, text(value), revision, createRevision]);

  it('delivers what happened after a revision and then what happens, once and in order', async () => {
    const first = await put(the(), '/w/a', '1');
    const second = await put(the(), '/w/a', '2');
    await put(the(), '/other', 'x');
    const follower = new Follower(the(), '/w/', first);
    const third = await put(the(), '/w/b', '3');
    const fourth = await remove(the(), '/w/a');
    await follower.until(3);
    await follower.stop();
    expect(told(follower)).toEqual([
      ['/w/a', '2', second, first],
      ['/w/b', '3', third, third],
      ['/w/a', null, fourth, 0],
    ]);
    expect(follower.revision).toBeGreaterThanOrEqual(fourth);
  });

  it('never splits a transaction', async () => {
    const start = await put(the(), '/w/start', '');
    const follower = new Follower(the(), '/w/', start);
    const keys = Array.from({ length: 20 }, (_, i) => `/w/${i}`);
    const writes = keys.map((key) => ({ key, value: bytes(key) }));
    await Promise.all(Array.from({ length: 50 }, () => the().commit({ guards: [], writes })));
    await follower.until(1000);
    await follower.stop();
    expect(follower.events).toHaveLength(1000);
    const revisions = follower.events.map(({ revision }) => revision);
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
    for (const end of follower.batchEnds) {
      expect(follower.events.filter(({ revision }) => revision === end)).toHaveLength(20);
    }
    expect(new Set(follower.batchEnds).size).toBe(follower.batchEnds.length);
  });

  it('gives every watcher the same whole history under a storm of writes', async () => {
    const start = await put(the(), '/w/start', '');
    const early = new Follower(the(), '/w/', start);
    const writing = Promise.all(Array.from({ length: 3000 }, (_, i) => put(the(), `/w/${i % 97}`, String(i))));
    const late = new Follower(the(), '/w/', start);
    await writing;
    const afterwards = new Follower(the(), '/w/', start);
    for (const follower of [early, late, afterwards]) await follower.until(3000);
    for (const follower of [early, late, afterwards]) await follower.stop();
    const expected = Array.from({ length: 3000 }, (_, i) => start + 1 + i);
    expect(early.events.map(({ revision }) => revision)).toEqual(expected);
    expect(told(late)).toEqual(told(early));
    expect(told(afterwards)).toEqual(told(early));
  });

  it('starts now when no revision is given, and ends quietly', async () => {
    await put(the(), '/w/before', '');
    const follower = new Follower(the(), '/w/');
    await sleep(systemClock, 150);
    await put(the(), '/w/after', '');
    await follower.until(1);
    await follower.stop();
    expect(follower.events.map(({ key }) => key)).toEqual(['/w/after']);
    expect(follower.error).toBeUndefined();
  });
}

function describeCompaction(the: () => Store): void {
  it('keeps the newest state, answers at the compacted revision, and refuses what lies before', async () => {
    const first = await put(the(), '/c/a', '1');
    await put(the(), '/c/b', '1');
    await remove(the(), '/c/b');
    const kept = await put(the(), '/c/a', '2');
    const last = await put(the(), '/c/a', '3');
    await the().compact(kept);
    await expect(the().list('/c/', { revision: first })).rejects.toThrow(CompactedError);
    const at = await the().list('/c/', { revision: kept });
    expect(at.entries.map(({ key, value }) => [key, text(value)])).toEqual([['/c/a', '2']]);
    expect(text((await the().get('/c/a'))?.value)).toBe('3');
    expect(await the().status()).toMatchObject({ revision: last, compactedRevision: kept });

    const tooOld = new Follower(the(), '/c/', first);
    await tooOld.until(1);
    expect(tooOld.error).toBeInstanceOf(CompactedError);
    expect((tooOld.error as CompactedError).compactedRevision).toBe(kept);
    const inTime = new Follower(the(), '/c/', kept);
    await inTime.until(1);
    await inTime.stop();
    expect(inTime.events.map(({ revision }) => revision)).toEqual([last]);
  });

  it('may be asked twice, and for less than before', async () => {
    const first = await put(the(), '/c/a', '1');
    const second = await put(the(), '/c/a', '2');
    await the().compact(second);
    await the().compact(second);
    await the().compact(first);
    expect((await the().status()).compactedRevision).toBe(second);
  });

  it('lets a watch that has caught up go on', async () => {
    const start = await put(the(), '/c/a', '1');
    const follower = new Follower(the(), '/c/', start);
    const second = await put(the(), '/c/a', '2');
    await follower.until(1);
    await the().compact(second);
    await put(the(), '/c/a', '3');
    await follower.until(2);
    await follower.stop();
    expect(follower.error).toBeUndefined();
    expect(follower.events.map(({ value }) => text(value))).toEqual(['2', '3']);
  });
}

function describeReopening(the: () => Store, reopen: () => Promise<void>): void {
  it('finds everything again after closing, history included', async () => {
    const first = await put(the(), '/r/a', '1');
    await put(the(), '/r/b', '1');
    await remove(the(), '/r/b');
    const last = await put(the(), '/r/a', '2');
    await reopen();
    expect((await the().status()).revision).toBe(last);
    expect(await the().get('/r/a')).toMatchObject({ revision: last, createRevision: first });
    const old = await the().list('/r/', { revision: first + 1 });
    expect(old.entries.map(({ key, value }) => [key, text(value)])).toEqual([
      ['/r/a', '1'],
      ['/r/b', '1'],
    ]);
    const follower = new Follower(the(), '/r/', first);
    await follower.until(3);
    await follower.stop();
    expect(follower.events.map(({ revision }) => revision)).toEqual([first + 1, first + 2, first + 3]);
  });

  it('remembers revision and compaction even when all keys are gone', async () => {
    await put(the(), '/r/a', '1');
    const last = await remove(the(), '/r/a');
    await the().compact(last);
    await reopen();
    expect(await the().status()).toMatchObject({ revision: last, compactedRevision: last });
    expect(await put(the(), '/r/a', '2')).toBe(last + 1);
  });

  it('refuses to work once closed', async () => {
    const store = the();
    await store.close();
    await expect(store.get('/a')).rejects.toThrow(StoreUnavailableError);
    await expect(put(store, '/a', '1')).rejects.toThrow(StoreUnavailableError);
    await reopen();
  });
}
