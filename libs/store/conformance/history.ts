import { expect, it } from '@jest/globals';
import { CompactedError, type Store, StoreUnavailableError } from '../store.ts';
import { Follower, put, remove, text } from './follower.ts';

export function describeCompaction(the: () => Store): void {
  it('keeps the newest state, answers at the compacted revision, and refuses what lies before', async () => {
    const first = await put(the(), '/c/a', '1');
    await put(the(), '/c/b', '1');
    await remove(the(), '/c/b');
    await put(the(), '/c/a', '2');
    const kept = (await the().status()).revision;
    const last = await put(the(), '/c/a', '3');
    await the().compact(kept);
    await expect(the().list('/c/', { revision: first })).rejects.toThrow(CompactedError);
    const at = await the().list('/c/', { revision: kept });
    expect(at.entries.map(({ key, value }) => [key, text(value)])).toEqual([['/c/a', '2']]);
    expect(text((await the().get('/c/a'))?.value)).toBe('3');
    expect(await compactedRevision(the(), first)).toBe(kept);

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
    await put(the(), '/c/a', '2');
    const { revision } = await the().status();
    await the().compact(revision);
    await the().compact(revision);
    await the().compact(first);
    expect(await compactedRevision(the(), first)).toBe(revision);
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

/** As who asks for something older is told. */
async function compactedRevision(store: Store, older: number): Promise<number | undefined> {
  const error = await store.list('/', { revision: older }).catch((failure: unknown) => failure);
  return error instanceof CompactedError ? error.compactedRevision : undefined;
}

export function describeReopening(the: () => Store, reopen: () => Promise<void>): void {
  it('finds everything again after closing, history included', async () => {
    const first = await put(the(), '/r/a', '1');
    const second = await put(the(), '/r/b', '1');
    const third = await remove(the(), '/r/b');
    const last = await put(the(), '/r/a', '2');
    const { revision } = await the().status();
    await reopen();
    expect((await the().status()).revision).toBe(revision);
    expect(await the().get('/r/a')).toMatchObject({ revision: last });
    const old = await the().list('/r/', { revision: second });
    expect(old.entries.map(({ key, value }) => [key, text(value)])).toEqual([
      ['/r/a', '1'],
      ['/r/b', '1'],
    ]);
    const follower = new Follower(the(), '/r/', first);
    await follower.until(3);
    await follower.stop();
    expect(follower.events.map((event) => event.revision)).toEqual([second, third, last]);
  });

  it('remembers revision and compaction even when all keys are gone', async () => {
    const first = await put(the(), '/r/a', '1');
    await remove(the(), '/r/a');
    const { revision } = await the().status();
    await the().compact(revision);
    await reopen();
    expect((await the().status()).revision).toBe(revision);
    expect(await compactedRevision(the(), first)).toBe(revision);
    expect(await put(the(), '/r/a', '2')).toBeGreaterThan(revision);
  });

  it('refuses to work once closed', async () => {
    const store = the();
    await store.close();
    await expect(store.get('/a')).rejects.toThrow(StoreUnavailableError);
    await expect(put(store, '/a', '1')).rejects.toThrow(StoreUnavailableError);
    await reopen();
  });
}
