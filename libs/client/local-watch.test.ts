import type { KubeObject } from '../api/meta.ts';
import { StatusError } from '../base/status.ts';
import { Document } from '../cache/document.ts';
import { CacheEvent } from '../cache/event.ts';
import type { WatchListener } from '../registry/requests.ts';
import type { WatchBatch } from './client.ts';
import { LocalWatch, localWatchEventsMax } from './local-watch.ts';

function makeWatch(opening: Promise<void> = Promise.resolve()) {
  const abort = new AbortController();
  const source = { listener: undefined as WatchListener | undefined, cancels: 0 };
  const open = async (listener: WatchListener) => {
    source.listener = listener;
    await opening;
    return { cancel: () => source.cancels++, bookmark() {} };
  };
  const watch = new LocalWatch<KubeObject>(open, abort.signal, (document) => document.object);
  const tell = (...names: string[]) => {
    for (const name of names) {
      const document = Document.ofObject({ kind: 'Pod', metadata: { name, resourceVersion: '1' } });
      source.listener?.event('ADDED', new CacheEvent(name, 1, document, undefined));
    }
    source.listener?.settled?.();
  };
  return { abort, source, watch, tell, all: { [Symbol.asyncIterator]: () => watch } };
}

const namesOf = (batch: WatchBatch<KubeObject>) => batch.map(({ object }) => object.metadata?.name);

describe('LocalWatch', () => {
  it('hands out what comes, in order, before and after it is asked', async () => {
    const { source, tell, all, abort } = makeWatch();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const batch of all) seen.push(namesOf(batch));
    })();
    await new Promise(setImmediate);
    tell('a', 'b');
    await new Promise(setImmediate);
    tell('c');
    tell('d', 'e');
    await new Promise(setImmediate);
    expect(seen).toEqual([['a', 'b'], ['c'], ['d', 'e']]);
    abort.abort();
    await reading;
    expect(source.cancels).toBe(1);
  });

  it('ends quietly when the signal aborts, whatever waits', async () => {
    const { watch, tell, abort, source } = makeWatch();
    const first = watch.next();
    tell('a', 'b', 'c');
    expect((await first).done).toBe(false);
    abort.abort();
    expect((await watch.next()).done).toBe(true);
    expect(source.cancels).toBe(1);
  });

  it('cancels a watch that opens after its end', async () => {
    let opened = () => {};
    const { watch, abort, source } = makeWatch(new Promise((resolve) => (opened = resolve)));
    const first = watch.next();
    abort.abort();
    opened();
    expect((await first).done).toBe(true);
    expect(source.cancels).toBe(1);
  });

  it('ends at once when the signal had aborted before', async () => {
    const { watch, abort, source } = makeWatch();
    abort.abort();
    expect((await watch.next()).done).toBe(true);
    expect(source.cancels).toBe(1);
  });

  it('says why the watch ended, behind what came before that', async () => {
    const { watch, tell, source } = makeWatch();
    const first = watch.next();
    tell('a', 'b');
    source.listener?.failed(new StatusError('Expired', 'too old'));
    expect((await first).value).toHaveLength(2);
    await expect(watch.next()).rejects.toThrow('too old');
    expect((await watch.next()).done).toBe(true);
    expect(source.cancels).toBe(1);
  });

  it('refuses to open with the error of the source', async () => {
    const open = () => Promise.reject(new StatusError('Forbidden', 'no'));
    await expect(
      new LocalWatch(open, new AbortController().signal, (document) => document.object).next(),
    ).rejects.toThrow('no');
  });

  it('stops its consumer when it falls too far behind', async () => {
    const { watch, source, tell } = makeWatch();
    const first = watch.next();
    tell('a');
    await first;
    for (let count = 0; count <= localWatchEventsMax; count++) source.listener?.bookmark(count, false);
    let taken = 0;
    const drain = async () => {
      for (let next = await watch.next(); !next.done; next = await watch.next()) taken += next.value.length;
    };
    await expect(drain()).rejects.toThrow('too far behind');
    expect(taken).toBe(localWatchEventsMax + 1);
  });

  it('ends when its consumer leaves', async () => {
    const { all, source } = makeWatch();
    const reading = (async () => {
      for await (const batch of all) return namesOf(batch);
      return undefined;
    })();
    await new Promise(setImmediate);
    source.listener?.bookmark(3, false);
    await reading;
    expect(source.cancels).toBe(1);
  });
});
