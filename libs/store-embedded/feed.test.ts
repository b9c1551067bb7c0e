import type { WatchBatch, WatchEvent } from '../store/store.ts';
import { Feed } from './feed.ts';

/** A feed whose history remembers everything, and how often it was asked. */
function makeFeed() {
  const all: WatchEvent[] = [];
  let asked = 0;
  const eventsAfter = (revision: number, prefix: string): WatchBatch => {
    asked++;
    const events = all.filter((event) => event.revision > revision && event.key.startsWith(prefix));
    return { events, revision: all.at(-1)?.revision ?? revision };
  };
  const feed = new Feed({ compactedRevision: () => 0, eventsAfter }, 0);
  const write = (count: number, bytes: number) => {
    for (let at = 0; at < count; at++) {
      const revision = all.length + 1;
      const event = { key: revision % 2 ? '/odd' : '/even', value: Buffer.alloc(bytes), revision };
      all.push(event);
      feed.append(event);
    }
    feed.flush();
  };
  const readAfter = async (afterRevision: number, prefix = '/') => {
    const stop = new AbortController();
    for await (const batch of feed.watch(prefix, { afterRevision, signal: stop.signal })) return batch;
    return undefined;
  };
  return { write, readAfter, feed, asked: () => asked };
}

const shapes = [
  { name: 'small writes, one by one', batches: 9_000, count: 1, bytes: 10, inMemory: 500 },
  { name: 'small writes in batches', batches: 100, count: 64, bytes: 100, inMemory: 500 },
  { name: 'large writes', batches: 100, count: 4, bytes: 20_000, inMemory: 12 },
  { name: 'a batch larger than what is kept', batches: 3, count: 500, bytes: 20_000, inMemory: 500 },
];

it.each(shapes)('keeps the newest events and has no gap: $name', async ({ batches, count, bytes, inMemory }) => {
  const { write, readAfter, asked } = makeFeed();
  for (let batch = 0; batch < batches; batch++) write(count, bytes);
  const newest = batches * count;
  for (const behind of [1, inMemory >> 1, inMemory]) {
    const batch = await readAfter(newest - behind);
    expect(batch?.revision).toBe(newest);
    const revisions = batch?.events.map(({ revision }) => revision);
    expect(revisions).toEqual(Array.from({ length: behind }, (_, index) => newest - behind + 1 + index));
  }
  expect(asked()).toBe(0);
  expect((await readAfter(0))?.events).toHaveLength(newest);
  expect(asked()).toBe(1);
});

it('tells only of keys with the prefix', async () => {
  const { write, readAfter } = makeFeed();
  write(10, 1);
  expect((await readAfter(3, '/even'))?.events.map(({ revision }) => revision)).toEqual([4, 6, 8, 10]);
});

it('wakes who waits, and ends when it is closed', async () => {
  const { write, readAfter, feed } = makeFeed();
  const next = readAfter(0);
  write(1, 1);
  expect((await next)?.events).toHaveLength(1);
  const last = readAfter(1);
  feed.close();
  expect(await last).toBeUndefined();
});

it('shows what was written to who waits before anything that comes after it', async () => {
  const { write, feed } = makeFeed();
  const order: string[] = [];
  const stop = new AbortController();
  const follow = async () => {
    for await (const _ of feed.watch('/', { afterRevision: 0, signal: stop.signal })) order.push('seen');
  };
  const following = follow();
  for (let turn = 0; turn < 3; turn++) {
    write(1, 1);
    await Promise.resolve();
    order.push('later');
  }
  expect(order).toEqual(['seen', 'later', 'seen', 'later', 'seen', 'later']);
  stop.abort();
  await following;
});

it('ends when it is told to, also while it waits', async () => {
  const { feed } = makeFeed();
  const stop = new AbortController();
  const watch = feed.watch('/', { afterRevision: 0, signal: stop.signal })[Symbol.asyncIterator]();
  const next = watch.next();
  stop.abort();
  expect(await next).toEqual({ value: undefined, done: true });
  expect(await watch.next()).toEqual({ value: undefined, done: true });
});
