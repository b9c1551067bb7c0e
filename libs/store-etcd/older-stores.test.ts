import { execFileSync } from 'node:child_process';
import { jest } from '@jest/globals';
import { type EtcdServer, startEtcd } from '../../test/support/etcd-server.ts';
import { GuardFailedError, type Store, type WatchEvent } from '../store/store.ts';
import { openEtcdStore } from './etcd-store.ts';

jest.setTimeout(60_000);

describe('a store of before each write had a revision of its own', () => {
  let server: EtcdServer;
  let store: Store;
  const etcdctl = (argv: readonly string[], input = '') =>
    execFileSync('etcdctl', ['--endpoints', server.url, ...argv], {
      input,
      encoding: 'utf8',
      env: { ...process.env, ETCDCTL_API: '3' },
    });
  beforeEach(async () => {
    server = await startEtcd();
    store = openEtcdStore({ endpoints: [server.url], keyPrefix: '/c1' });
    // One transaction of two writes, and one of one.
    etcdctl(['txn'], '\nput /c1/a [1]\nput /c1/b [2]\n\n\n');
    etcdctl(['put', '/c1/c', '[3]']);
  });
  afterEach(async () => {
    await store.close();
    await server.dispose();
  });

  const written = (key: string, text: string) => ({ key, value: Buffer.from(text) });
  const shown = async (revision?: number) =>
    (await store.list('/', { revision })).entries.map(({ key, value }) => `${key} ${Buffer.from(value)}`);

  it('is read, guarded and written', async () => {
    const [a, b, c] = await Promise.all(['/a', '/b', '/c'].map((key) => store.get(key)));
    expect(a!.revision).toBe(b!.revision);
    expect(c!.revision).toBeGreaterThan(b!.revision);
    const guards = [{ key: '/b', revision: b!.revision }];
    const { writeRevisions } = await store.commit({ guards, writes: ['/a', '/b'].map((key) => written(key, '{}')) });
    expect(await shown()).toEqual(['/a {}', '/b {}', '/c [3]']);
    expect(await shown(c!.revision)).toEqual(['/a [1]', '/b [2]', '/c [3]']);
    const events: WatchEvent[] = [];
    const stopper = new AbortController();
    for await (const batch of store.watch('/', { afterRevision: 1, signal: stopper.signal })) {
      events.push(...batch.events);
      if (batch.revision >= writeRevisions[1]!) stopper.abort();
    }
    expect(events.map(({ key, revision }) => [key, revision])).toEqual([
      ['/a', a!.revision],
      ['/b', b!.revision],
      ['/c', c!.revision],
      ['/a', writeRevisions[0]],
      ['/b', writeRevisions[1]],
    ]);
  });

  it.each([1, 2, 3])('takes %j, a revision as it was counted then, for that of no state', async (revision) => {
    for (const key of ['/a', '/none']) {
      const change = store.commit({ guards: [{ key, revision }], writes: [written(key, '{}')] });
      await expect(change).rejects.toThrow(GuardFailedError);
    }
  });

  it('stays readable for those who look with other tools', async () => {
    await store.commit({ guards: [], writes: ['/x', '/y', '/z'].map((key) => written(key, `{"is":"${key}"}`)) });
    for (const key of ['/x', '/y', '/z']) {
      expect(JSON.parse(etcdctl(['get', '--print-value-only', `/c1${key}`]))).toEqual({ is: key });
    }
  });
});
