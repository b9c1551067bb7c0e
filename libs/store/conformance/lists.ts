import { expect, it } from '@jest/globals';
import type { Entry, Store } from '../store.ts';
import { Follower, put, remove, text } from './follower.ts';

export function describeLists(the: () => Store): void {
  const names = (entries: readonly Entry[]) => entries.map(({ key, value }) => `${key}=${text(value)}`);

  it('lists a prefix in key order and nothing beside it', async () => {
    for (const key of ['/p/b', '/p/a', '/q/a', '/p/c/d', '/p', '/p0', '/p/A']) await put(the(), key, key.slice(-1));
    const page = await the().list('/p/');
    expect(names(page.entries)).toEqual(['/p/A=A', '/p/a=a', '/p/b=b', '/p/c/d=d']);
    expect(page).toMatchObject({ more: false, remaining: 0, revision: (await the().status()).revision });
  });

  it('keeps keys in any letters apart, and in order', async () => {
    const keys = ['/p/cfoo', '/p/c\u0163', '/p/zz', '/p/rôle-ţ', '/p/ţfoo', '/p/ツ', '/p/Ａ'];
    const inOrder = [...keys].sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    const start = (await the().status()).revision;
    for (const key of keys) await put(the(), key, key);
    expect(names((await the().list('/p/')).entries)).toEqual(inOrder.map((key) => `${key}=${key}`));
    const rest = await the().list('/p/', { after: '/p/rôle-ţ', limit: 2 });
    expect(rest.entries.map(({ key }) => key)).toEqual(inOrder.slice(inOrder.indexOf('/p/rôle-ţ') + 1).slice(0, 2));
    expect((await the().list('/p/ţ')).entries.map(({ key }) => key)).toEqual(['/p/ţfoo']);
    await remove(the(), '/p/ţfoo');
    expect([await the().get('/p/ţfoo'), (await the().get('/p/cfoo'))?.key]).toEqual([undefined, '/p/cfoo']);
    const guards = [{ key: '/p/ツ', revision: start }];
    const failed = the().commit({ guards, writes: [{ key: '/p/ツ', value: null }] });
    await expect(failed).rejects.toMatchObject({ current: [{ key: '/p/ツ', entry: { key: '/p/ツ' } }] });
    const follower = new Follower(the(), '/p/', start);
    await follower.until(keys.length + 1);
    await follower.stop();
    expect(follower.events.map(({ key }) => key)).toEqual([...keys, '/p/ţfoo']);
  });

  it('refuses keys beyond the basic plane', async () => {
    for (const key of ['/p/\ud800', '/p/\udc00', '/p/😀'])
      await expect(async () => put(the(), key, '')).rejects.toThrow(/text/);
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
