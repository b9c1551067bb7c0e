import { Collection, eventsKeptMax } from './collection.ts';
import { Document } from './document.ts';
import type { ChangeType } from './event.ts';
import { storedValue } from './stored-value.ts';

function labelled(name: string, color: string, revision: number): Document {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, labels: { color } } };
  return Document.ofValue(storedValue(object), revision);
}

const isRed = (document: Document) => document.object.metadata?.labels?.color === 'red';

function listen(collection: Collection, filter: Parameters<Collection['watch']>[0], after = 0) {
  const seen: string[] = [];
  const subscription = collection.watch(filter, after, {
    event(type: ChangeType, event) {
      const { metadata } = event.document(type).object;
      seen.push(`${type} ${event.key} ${metadata?.labels?.color} ${metadata?.resourceVersion}`);
    },
    expired: () => seen.push('expired'),
  });
  return { seen, subscription };
}

describe('Collection', () => {
  it('lists in the order of keys, whatever the order of arrival', () => {
    const collection = new Collection(0);
    for (const key of ['b/z', 'a/y', 'a-b/x', 'b/a', 'a/x']) collection.load(key, labelled(key, 'red', 1));
    expect([...collection.list({})].map(([key]) => key)).toEqual(['a-b/x', 'a/x', 'a/y', 'b/a', 'b/z']);
    expect([...collection.list({ namespace: 'a' })].map(([key]) => key)).toEqual(['a/x', 'a/y']);
    expect([...collection.list({}, 'a/x')].map(([key]) => key)).toEqual(['a/y', 'b/a', 'b/z']);
    expect(['', 'a-b/x', 'a/x', 'b/z'].map((after) => collection.countAfter({}, after))).toEqual([5, 4, 3, 0]);
    expect(collection.countAfter({ namespace: 'a' }, 'a/x')).toBe(1);
  });

  it('keeps its order over removals', () => {
    const collection = new Collection(0);
    for (const name of ['c', 'a', 'b']) collection.apply(name, 1, labelled(name, 'red', 1));
    collection.apply('b', 2, undefined);
    collection.apply('aa', 3, labelled('aa', 'red', 3));
    expect([...collection.list({})].map(([key]) => key)).toEqual(['a', 'aa', 'c']);
  });

  const transitions: Array<{ name: string; colors: Array<string | undefined>; sees: string[] }> = [
    { name: 'an object that appears', colors: ['red'], sees: ['ADDED n/x red 1'] },
    { name: 'one that never matches', colors: ['blue', 'green', undefined], sees: [] },
    { name: 'one that comes to match', colors: ['blue', 'red'], sees: ['ADDED n/x red 2'] },
    { name: 'one that stays', colors: ['red', 'red'], sees: ['ADDED n/x red 1', 'MODIFIED n/x red 2'] },
    { name: 'one that ceases to match', colors: ['red', 'blue'], sees: ['ADDED n/x red 1', 'DELETED n/x red 2'] },
    { name: 'one that goes', colors: ['red', undefined], sees: ['ADDED n/x red 1', 'DELETED n/x red 2'] },
  ];
  it.each(transitions)('shows a selector $name', ({ colors, sees }) => {
    const collection = new Collection(0);
    const { seen } = listen(collection, { namespace: 'n', matches: isRed });
    colors.forEach((color, index) => {
      collection.apply('n/x', index + 1, color === undefined ? undefined : labelled('x', color, index + 1));
    });
    expect(seen).toEqual(sees);
  });

  it('replays what happened after a revision, once', () => {
    const collection = new Collection(0);
    for (let revision = 1; revision <= 4; revision++) collection.apply('x', revision, labelled('x', 'red', revision));
    const { seen } = listen(collection, {}, 2);
    collection.apply('x', 5, labelled('x', 'red', 5));
    expect(seen.map((line) => line.split(' ').pop())).toEqual(['3', '4', '5']);
  });

  it('forgets the oldest events first and says from where on it knows', () => {
    const collection = new Collection(0);
    const count = eventsKeptMax + 10;
    for (let revision = 1; revision <= count; revision++)
      collection.apply('x', revision, labelled('x', 'red', revision));
    expect(collection.floorRevision).toBe(10);
    expect(listen(collection, {}, 10).seen).toHaveLength(eventsKeptMax);
  });

  it('cuts its watchers off when it is reset, and cancelled ones hear nothing', () => {
    const collection = new Collection(0);
    const cut = listen(collection, {});
    const gone = listen(collection, {});
    gone.subscription.cancel();
    collection.reset(7)();
    collection.apply('x', 8, labelled('x', 'red', 8));
    expect(cut.seen).toEqual(['expired']);
    expect(gone.seen).toEqual([]);
    expect(collection.floorRevision).toBe(7);
  });

  it('tells new watchers although those that were cut off go only after they came', () => {
    const collection = new Collection(0);
    const cut = listen(collection, {});
    collection.reset(7)();
    const { seen } = listen(collection, {}, 7);
    cut.subscription.cancel();
    expect(collection.watcherCount).toBe(1);
    collection.apply('x', 8, labelled('x', 'red', 8));
    expect(seen).toEqual(['ADDED x red 8']);
  });

  const narrow: Array<{ filter: Parameters<Collection['watch']>[0]; hears: boolean }> = [
    { filter: {}, hears: true },
    { filter: { namespace: 'n' }, hears: true },
    { filter: { namespace: 'm' }, hears: false },
    { filter: { name: 'x' }, hears: true },
    { filter: { namespace: 'n', name: 'x' }, hears: true },
    { filter: { namespace: 'n', name: 'y' }, hears: false },
  ];
  it.each(narrow)('finds those who look at $filter', ({ filter, hears }) => {
    const collection = new Collection(0);
    const { seen, subscription } = listen(collection, filter);
    const other = listen(collection, { namespace: 'n', name: 'x' });
    other.subscription.cancel();
    collection.apply('n/x', 1, labelled('x', 'red', 1));
    subscription.cancel();
    collection.apply('n/x', 2, labelled('x', 'red', 2));
    expect(seen).toEqual(hears ? ['ADDED n/x red 1'] : []);
    expect(other.seen).toEqual([]);
    expect(collection.watcherCount).toBe(0);
  });

  it('makes the bytes of an event once for all watchers', () => {
    const collection = new Collection(0);
    const frames: Buffer[] = [];
    for (let index = 0; index < 3; index++) {
      collection.watch({}, 0, { event: (type, event) => frames.push(event.frame(type)), expired: () => {} });
    }
    collection.apply('x', 1, labelled('x', 'red', 1));
    expect(new Set(frames).size).toBe(1);
    expect(JSON.parse(String(frames[0]))).toMatchObject({
      type: 'ADDED',
      object: { metadata: { resourceVersion: '1' } },
    });
  });
});
