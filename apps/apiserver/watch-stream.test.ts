import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { configmaps } from '../../libs/api/kinds/configmap.ts';
import { builtinKinds } from '../../libs/api/kinds/index.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { Document } from '../../libs/cache/document.ts';
import { CacheEvent } from '../../libs/cache/event.ts';
import { storedValue } from '../../libs/cache/stored-value.ts';
import { FakeClock } from '../../test/support/fake-clock.ts';
import { FlushQueue, flushPeriodMsMin } from './flush-queue.ts';
import { InflightLimit } from './inflight.ts';
import { initialPartBytes } from './watch-initials.ts';
import type { WatchOutput } from './watch-output.ts';
import { WatchStream, type WatchStreamOptions, watcherBacklogBytesMax, watchWriteBytesMax } from './watch-stream.ts';

const objects = 40;
const objectLetters = initialPartBytes / 8;

function configMap(name: string, letters = objectLetters): Document {
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { text: 'x'.repeat(letters) } };
  return Document.ofValue(storedValue(object as KubeObject), 1);
}

/** A client that takes nothing before it is told to. */
class Reader implements WatchOutput {
  closed = false;
  ended = false;
  readonly names: string[] = [];
  writes = 0;
  private taken: Array<() => void> = [];

  open(): void {}

  write(frames: readonly Uint8Array[], _chunks: unknown, taken?: () => void): void {
    this.writes += 1;
    for (const frame of frames) {
      const { type, object } = JSON.parse(Buffer.from(frame).toString()) as { type: string; object: KubeObject };
      this.names.push(type === 'BOOKMARK' ? type : (object.metadata?.name ?? ''));
    }
    if (taken) this.taken.push(taken);
  }

  take(): boolean {
    const { taken } = this;
    this.taken = [];
    for (const run of taken) run();
    return taken.length > 0;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.closed = true;
  }

  onceClosed(): void {}
}

function optionsOf(output: WatchOutput, clock: FakeClock): WatchStreamOptions {
  return {
    output,
    definition: configmaps,
    form: 'object',
    encoding: 'json',
    metaVersion: 'meta.k8s.io/v1',
    include: 'Metadata',
    bookmarks: false,
    timeoutMs: 60_000,
    clock,
    flushes: new FlushQueue(clock),
    inflight: new InflightLimit(),
    signal: new AbortController().signal,
  };
}

describe('a watch that begins with a large state', () => {
  const clock = new FakeClock();
  let reader: Reader;
  let stream: WatchStream;
  const names = Array.from({ length: objects }, (_, index) => `initial-${index}`);

  beforeEach(async () => {
    reader = new Reader();
    stream = new WatchStream(optionsOf(reader, clock));
    for (const name of names) stream.initial(configMap(name));
    stream.bookmark(1, true);
    stream.settled();
    stream.open({ bookmark: () => {}, cancel: () => {} });
    await clock.settle();
  });

  const event = (name: string, letters?: number) => {
    stream.event('ADDED', new CacheEvent(`x/${name}`, 2, configMap(name, letters), undefined));
    stream.settled();
  };

  it('sends it in parts, each once the one before is taken, and what happens meanwhile behind it', async () => {
    expect([reader.writes, reader.names.length]).toEqual([1, 8]);
    event('later');
    await clock.settle();
    expect(reader.writes).toBe(1);
    while (reader.take()) await clock.settle();
    expect(reader.names).toEqual([...names, 'BOOKMARK', 'later']);
    event('last');
    await clock.advance(flushPeriodMsMin);
    await clock.settle();
    expect(reader.names.at(-1)).toBe('last');
  });

  it('is cut off when too much happens meanwhile', async () => {
    for (let bytes = 0; bytes <= watcherBacklogBytesMax; bytes += 1_000_000) event('large', 1_000_000);
    await clock.settle();
    expect([reader.closed, reader.writes]).toEqual([true, 1]);
  });

  it('gathers for a client that has not taken what came last, and sends it in parts once it has', async () => {
    while (reader.take()) await clock.settle();
    reader.names.length = 0;
    event('first');
    await clock.advance(flushPeriodMsMin);
    const { writes } = reader;
    const half = watchWriteBytesMax / 2;
    for (const name of ['a', 'b', 'c']) event(name, half - 1000);
    event('larger', 2 * watchWriteBytesMax);
    await clock.advance(100);
    expect([reader.writes, reader.names]).toEqual([writes, ['first']]);
    const taken: string[][] = [];
    while (reader.take()) {
      await clock.advance(100);
      taken.push(reader.names.splice(0));
    }
    expect(taken).toEqual([['first', 'a', 'b'], ['c'], ['larger'], []]);
  });

  it('ends in time, although not all of it is sent', async () => {
    await clock.advance(60_000);
    expect(reader.ended).toBe(true);
    reader.take();
    await clock.settle();
    expect(reader.writes).toBe(1);
  });
});

describe('a watch of tables that begins with a large state', () => {
  it('names the columns first, and ends the state with a row that says so', async () => {
    const clock = new FakeClock();
    const events: Array<{ type: string; object: { kind: string; columnDefinitions: unknown; rows: unknown[] } }> = [];
    const output = {
      closed: false,
      open: () => {},
      write: (frames: readonly Uint8Array[], _chunks: unknown, taken?: () => void) => {
        for (const frame of frames) events.push(JSON.parse(Buffer.from(frame).toString()));
        taken?.();
      },
      end: () => {},
      destroy: () => {},
      onceClosed: () => {},
    };
    const stream = new WatchStream({ ...optionsOf(output, clock), form: 'table' });
    stream.initial(configMap('a'));
    stream.bookmark(7, true);
    stream.settled();
    stream.open({ bookmark: () => {}, cancel: () => {} });
    await clock.settle();
    expect(events.map(({ type, object }) => [type, object.kind, object.columnDefinitions !== null])).toEqual([
      ['ADDED', 'Table', true],
      ['BOOKMARK', 'Table', false],
    ]);
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const metadata = { resourceVersion: '7', annotations };
    expect(events[1]?.object).toMatchObject({ metadata: { resourceVersion: '7' }, rows: [{ object: { metadata } }] });
  });
});

interface Told {
  readonly type: string;
  readonly object: { kind: string; message?: string; rows?: Array<{ object: KubeObject }> };
}

/** A client that takes everything at once. */
class Taker implements WatchOutput {
  closed = false;
  ends = 0;
  readonly told: Told[] = [];

  open(): void {}

  write(frames: readonly Uint8Array[], _chunks: unknown, taken?: () => void): void {
    for (const frame of frames) this.told.push(JSON.parse(Buffer.from(frame).toString()) as Told);
    taken?.();
  }

  end(): void {
    this.ends += 1;
  }

  destroy(): void {
    this.closed = true;
  }

  onceClosed(): void {}
}

/** A watch that is told of its bookmarks as the registry does it. */
function watchWithBookmarks(more: Partial<WatchStreamOptions>) {
  const clock = new FakeClock();
  const taker = new Taker();
  const stream = new WatchStream({ ...optionsOf(taker, clock), timeoutMs: 3_600_000, bookmarks: true, ...more });
  let cancelled = false;
  stream.open({
    bookmark: () => stream.bookmark(7, false),
    cancel: () => {
      cancelled = true;
    },
  });
  return { clock, taker, cancelled: () => cancelled };
}

describe('a bookmark, which is an object that says nothing but its version', () => {
  const kinds = builtinKinds.map((definition) => ({
    name: `${definition.plural} of ${definition.group}/${definition.version}`,
    definition,
  }));

  it.each(kinds)('is a row and metadata for those who watch $name', async ({ definition }) => {
    const bookmarksAs = async (form: 'table' | 'metadata') => {
      const { clock, taker } = watchWithBookmarks({ definition, form });
      await clock.advance(60_001);
      return taker.told.map(({ type, object }) => [type, object.message ?? object.kind]);
    };
    expect(await bookmarksAs('table')).toEqual([['BOOKMARK', 'Table']]);
    expect(await bookmarksAs('metadata')).toEqual([['BOOKMARK', 'PartialObjectMetadata']]);
  });

  it('ends the watch with the reason when it cannot be shown', async () => {
    const cell = () => {
      throw new Error('no such cell');
    };
    const columns = [{ name: 'A', type: 'string', description: 'a', cell }];
    const definition = { ...configmaps, columns } as ResourceDefinition;
    const { clock, taker, cancelled } = watchWithBookmarks({ definition, form: 'table' });
    await clock.advance(60_001);
    expect(taker.told.map(({ type, object }) => [type, object.kind])).toEqual([['ERROR', 'Status']]);
    expect([taker.ends, cancelled()]).toEqual([1, true]);
    await clock.advance(3_600_000);
    expect([taker.told.length, taker.ends]).toEqual([1, 1]);
  });
});
