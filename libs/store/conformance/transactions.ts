import { expect, it } from '@jest/globals';
import { GuardFailedError, type Store } from '../store.ts';
import { bytes, put, remove, text } from './follower.ts';

export function describeTransactions(the: () => Store): void {
  it('gives each write a greater revision', async () => {
    const first = await put(the(), '/a', '1');
    const second = await put(the(), '/b', '2');
    const third = await put(the(), '/a', '3');
    expect(second).toBeGreaterThan(first);
    expect(third).toBeGreaterThan(second);
    const { revision, value } = (await the().get('/a'))!;
    expect({ revision, value: text(value) }).toEqual({ revision: third, value: '3' });
  });

  it('keeps every value as it was given', async () => {
    const values = ['', ' ', '\n', '{}\n', '{}\n \t\r', 'x \t', '\n\n', '\u0000', 'ä'];
    const writes = values.map((value, at) => ({ key: `/v/${at}`, value: bytes(value) }));
    await the().commit({ guards: [], writes });
    for (const [at, value] of values.entries()) await put(the(), `/v/alone/${at}`, value);
    const kept = (await the().list('/v/')).entries.map((entry) => text(entry.value));
    expect(kept).toEqual([...values, ...values]);
  });

  it('answers undefined for a key that is not there', async () => {
    await put(the(), '/a', '1');
    expect(await the().get('/')).toBeUndefined();
    await remove(the(), '/a');
    expect(await the().get('/a')).toBeUndefined();
  });

  it('takes no revision for a transaction that writes nothing', async () => {
    const revision = await put(the(), '/a', '1');
    const newest = (await the().status()).revision;
    expect(await the().commit({ guards: [{ key: '/a', revision }], writes: [] })).toEqual({
      revision: newest,
      writeRevisions: [],
    });
    expect(await remove(the(), '/gone')).toBe(0);
    expect((await the().status()).revision).toBe(newest);
    const late = await put(the(), '/a', '2');
    expect(late).toBeGreaterThan(newest);
    await expect(the().commit({ guards: [{ key: '/a', revision }], writes: [] })).rejects.toThrow(GuardFailedError);
  });

  it('begins a new life for a key that was removed and created again', async () => {
    await put(the(), '/a', '1');
    await remove(the(), '/a');
    const { writeRevisions } = await the().commit({
      guards: [{ key: '/a', revision: 0 }],
      writes: [{ key: '/a', value: bytes('2') }],
    });
    expect(await the().get('/a')).toMatchObject({ revision: writeRevisions[0] });
  });
}

export function describeGuards(the: () => Store): void {
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
    const { writeRevisions } = await guarded('/b', 0);
    const late = await guarded('/b', 0).catch((e: unknown) => e);
    const failed = (late as GuardFailedError).current.map(({ key, entry }) => [
      key,
      entry?.revision,
      text(entry?.value),
    ]);
    expect(failed).toEqual([
      ['/a', writeRevisions[0], '2'],
      ['/b', writeRevisions[1], '2'],
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
}
