import { expect, it } from '@jest/globals';
import type { Store, WatchEvent, Write } from '../store.ts';
import { bytes, Follower, put, text, told } from './follower.ts';

/** How many followers resume at once. */
const resumedAtOnceMax = 40;

/** What it takes that every write can be told from the others. */
export function describeRevisions(the: () => Store): void {
  it('gives the writes of a transaction revisions of their own, in their order', async () => {
    const start = await put(the(), '/w/b', 'old');
    const follower = new Follower(the(), '/w/', start);
    const writes = ['c:1', 'b:', 'absent:', 'a:2', 'd:3'].map(writeOf);
    const { revision, writeRevisions } = await the().commit({ guards: [], writes });
    const [c, b, absent, a, d] = writeRevisions as [number, number, number, number, number];
    expect(absent).toBe(0);
    expect([start, c, b, a, d]).toEqual([...new Set([start, c, b, a, d])].sort((x, y) => x - y));
    expect(revision).toBeGreaterThanOrEqual(d);
    const expected = [
      ['/w/c', '1', c],
      ['/w/b', null, b],
      ['/w/a', '2', a],
      ['/w/d', '3', d],
    ];
    await follower.until(4);
    await follower.stop();
    expect(told(follower.events)).toEqual(expected);
    expect((await the().list('/w/')).entries.map((entry) => [entry.key, entry.revision])).toEqual([
      ['/w/a', a],
      ['/w/c', c],
      ['/w/d', d],
    ]);
    expect((await the().get('/w/a'))?.revision).toBe(a);
    await the().commit({ guards: [{ key: '/w/a', revision: a }], writes: [{ key: '/w/a', value: null }] });
  });

  it('goes on behind every single write, without gap or duplicate', async () => {
    const { start, events } = await storyOf(the(), 40);
    for (let at = 0; at < events.length; at += resumedAtOnceMax) {
      const resumed = events.slice(at, at + resumedAtOnceMax).map((event, index) => ({
        follower: new Follower(the(), '/w/', event.revision),
        later: events.slice(at + index + 1),
      }));
      await Promise.all(resumed.map(({ follower, later }) => follower.until(later.length)));
      for (const { follower, later } of resumed) {
        await follower.stop();
        expect(told(follower.events)).toEqual(told(later));
      }
    }
    const revisions = [start, ...events.map(({ revision }) => revision)];
    expect(revisions).toEqual([...new Set(revisions)].sort((a, b) => a - b));
    expect(revisions.every(Number.isSafeInteger)).toBe(true);
  }, 60_000);
}

/** What the past shows between the writes of a transaction. */
export function describePast(the: () => Store): void {
  it('shows the state behind every single write, whole and in pages', async () => {
    const { events } = await storyOf(the(), 20);
    const state = new Map<string, unknown[]>();
    const shown = events.map(({ key, value, revision }) => {
      if (value === null) state.delete(key);
      else state.set(key, [key, text(value), revision]);
      return { revision, expected: [...state.values()].sort() };
    });
    const check = async ({ revision, expected }: (typeof shown)[number]) => {
      const whole = await the().list('/w/', { revision });
      expect(whole).toMatchObject({ revision, more: false, remaining: 0 });
      expect(told(whole.entries)).toEqual(expected);
      const paged: unknown[] = [];
      for (let after: string | undefined; ; ) {
        const page = await the().list('/w/', { revision, limit: 4, after });
        paged.push(...told(page.entries));
        expect(page.remaining).toBe(expected.length - paged.length);
        if (!page.more) break;
        after = page.entries.at(-1)!.key;
      }
      expect(paged).toEqual(expected);
    };
    await Promise.all(shown.map(check));
  }, 60_000);

  it('keeps what a revision amid a transaction shows when it is compacted', async () => {
    await put(the(), '/w/b', 'old');
    const { writeRevisions } = await the().commit({ guards: [], writes: ['a:1', 'b:', 'c:1'].map(writeOf) });
    await put(the(), '/w/a', '2');
    await the().compact(writeRevisions[0]!);
    const { entries } = await the().list('/w/', { revision: writeRevisions[0]! });
    expect(entries.map(({ key, value }) => `${key}=${text(value)}`)).toEqual(['/w/a=1', '/w/b=old']);
    const follower = new Follower(the(), '/w/', writeRevisions[0]!);
    await follower.until(3);
    await follower.stop();
    expect(follower.events.map(({ key, value }) => `${key}=${text(value)}`)).toEqual(['/w/b=null', '/w/c=1', '/w/a=2']);
  });
}

/** `key:value`, or `key:` for its removal. */
function writeOf(text: string): Write {
  const [key, value] = text.split(':') as [string, string];
  return { key: `/w/${key}`, value: value === '' ? null : bytes(value) };
}

/**
 * Many transactions at once, of several writes and removals each, as their answers tell it: every write that had an
 * effect, in the order of revisions. A watcher from before them was told just that.
 */
async function storyOf(store: Store, transactions: number): Promise<{ start: number; events: WatchEvent[] }> {
  const start = await put(store, '/w', 'start');
  const follower = new Follower(store, '/w/', start);
  const events: WatchEvent[] = [];
  const run = async (writes: readonly Write[]) => {
    const { writeRevisions } = await store.commit({ guards: [], writes });
    for (const [at, revision] of writeRevisions.entries()) {
      if (revision > 0) events.push({ key: writes[at]!.key, value: writes[at]!.value, revision });
    }
  };
  await Promise.all(Array.from({ length: transactions }, (_, turn) => run(writesOf(turn))));
  await run([writeOf('1:'), writeOf('16:end')]);
  events.sort((a, b) => a.revision - b.revision);
  await follower.until(events.length);
  await follower.stop();
  expect(told(follower.events)).toEqual(told(events));
  return { start, events };
}

/** Up to four writes, every third of them a removal, of keys that other turns write, too. */
function writesOf(turn: number): Write[] {
  return Array.from({ length: 1 + (turn % 4) }, (_, at) => {
    const isRemoval = (turn + at) % 3 === 0;
    return writeOf(`${(turn * 5 + at * 3) % 17}:${isRemoval ? '' : `${turn}.${at}`}`);
  });
}
