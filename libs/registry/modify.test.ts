import fc from 'fast-check';
import { asks, bodyOf, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1ConfigMap, V1Service } from '../api/gen/types.ts';
import { type Store, StoreUnavailableError } from '../store/store.ts';
import type { PatchRequest } from './requests.ts';

/** A store whose watches stand still, once asked to, until its user writes or asks for the newest revision. */
function laggingStore(store: Store) {
  let held: Promise<void> | undefined;
  let release = () => {};
  const counted = { questions: 0, writes: 0 };
  const faults = { answersToLose: 0, questionsToRefuse: 0 };
  const lagging: Store = {
    get: (key) => store.get(key),
    list: (prefix, options) => store.list(prefix, options),
    compact: (revision) => store.compact(revision),
    status: () => store.status(),
    close: () => store.close(),
    async commit(transaction) {
      if (transaction.writes.length === 0) counted.questions++;
      else counted.writes++;
      if (faults.questionsToRefuse > 0 && transaction.writes.length === 0) {
        faults.questionsToRefuse--;
        throw new StoreUnavailableError('nobody answers');
      }
      const committed = await store.commit(transaction);
      release();
      if (faults.answersToLose > 0 && transaction.writes.length > 0) {
        faults.answersToLose--;
        throw new StoreUnavailableError('the answer was lost');
      }
      return committed;
    },
    async *watch(prefix, options) {
      for await (const batch of store.watch(prefix, options)) {
        while (held) await held;
        yield batch;
      }
    },
  };
  const hold = () => {
    held ??= new Promise((resolve) => {
      release = () => {
        held = undefined;
        resolve();
      };
    });
  };
  return { store: lagging, hold, release: () => release(), counted, faults };
}

describe('changes by a server that has not seen the newest state', () => {
  let fresh: ScratchRegistry;
  let late: ScratchRegistry;
  let lag: ReturnType<typeof laggingStore>;

  beforeEach(async () => {
    fresh = await openScratchRegistry();
    lag = laggingStore(fresh.store);
    late = await openScratchRegistry({ sharedStore: lag.store });
  });

  afterEach(async () => {
    lag.release();
    await late.close();
    await fresh.close();
  });

  const at = (name = 'a') => ({ namespace: 'x', name });
  const configMap = (data: Record<string, string>, more: object = {}, name = 'a') =>
    ({ kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data, ...more }) as V1ConfigMap;
  const service = (registry: ScratchRegistry) => registry.service('configmaps');
  const create = (registry: ScratchRegistry, object: V1ConfigMap) =>
    service(registry).create({ namespace: 'x' }, bodyOf(object), asks());
  const patchOf = (type: PatchRequest['type'], body: unknown, more: object = {}): PatchRequest => ({
    ...asks({ fieldManager: 'late', ...more }),
    type,
    body,
    complaints: [],
    force: true,
  });
  const patch = (registry: ScratchRegistry, type: PatchRequest['type'], body: unknown) =>
    service(registry).patch(at(), patchOf(type, body));
  const merge = (registry: ScratchRegistry, data: object) => patch(registry, 'merge', { data });
  const dataNow = async () => ((await service(fresh).get(at())).object as V1ConfigMap).data;
  /** What the late server remembers is `then`, and `now` is what stands there since. */
  const remembers = async (then: Record<string, string>, now: Record<string, string | null>) => {
    await create(late, configMap(then));
    lag.hold();
    await merge(fresh, now);
    lag.counted.questions = 0;
    lag.counted.writes = 0;
  };

  it('are written at once where it has', async () => {
    await create(late, configMap({ a: '1' }));
    lag.counted.questions = 0;
    lag.counted.writes = 0;
    await merge(late, { b: '2' });
    await patch(late, 'apply', configMap({ c: '3' }));
    expect(await dataNow()).toEqual({ a: '1', b: '2', c: '3' });
    expect(lag.counted).toEqual({ questions: 0, writes: 2 });
  });

  const cases: Array<{ name: string; change: () => Promise<unknown>; data: Record<string, string> }> = [
    { name: 'a patch', change: () => merge(late, { c: '3' }), data: { a: '2', b: '2', c: '3' } },
    { name: 'what changes nothing of what it saw', change: () => merge(late, { a: '1' }), data: { a: '1', b: '2' } },
    {
      name: 'a test that fails on what it saw',
      change: () =>
        patch(late, 'json', [
          { op: 'test', path: '/data/b', value: '2' },
          { op: 'remove', path: '/data/b' },
        ]),
      data: { a: '2' },
    },
    {
      name: 'an object applied',
      change: () => patch(late, 'apply', configMap({ c: '3' })),
      data: { a: '2', b: '2', c: '3' },
    },
    {
      name: 'an object put in place of the newest one',
      change: async () => {
        const { object } = await service(fresh).get(at());
        return service(late).update(at(), bodyOf({ ...object, data: { d: '4' } }), asks());
      },
      data: { d: '4' },
    },
    {
      name: 'an object put in place of whatever stands there',
      change: () => service(late).update(at(), bodyOf(configMap({ d: '4' })), asks()),
      data: { d: '4' },
    },
  ];
  it.each(cases)('take what is newer into account: $name', async ({ change, data }) => {
    await remembers({ a: '1' }, { a: '2', b: '2' });
    await change();
    expect(await dataNow()).toEqual(data);
  });

  const refusals: Array<{ name: string; change: () => Promise<unknown>; reason: string }> = [
    {
      name: 'a test that holds on what it saw',
      change: () =>
        patch(late, 'json', [
          { op: 'test', path: '/data/a', value: '1' },
          { op: 'remove', path: '/data/a' },
        ]),
      reason: 'Invalid',
    },
    {
      name: 'an object put in place of the one that it saw',
      change: () => {
        const seen = late.mirror.collection('', 'configmaps').get('x/a')!.object;
        return service(late).update(at(), bodyOf({ ...seen, data: { d: '4' } }), asks());
      },
      reason: 'Conflict',
    },
    {
      name: 'a patch of another version',
      change: () => {
        const { revision } = late.mirror.collection('', 'configmaps').get('x/a')!;
        return patch(late, 'merge', { metadata: { resourceVersion: String(revision) }, data: { d: '4' } });
      },
      reason: 'Conflict',
    },
  ];
  it.each(refusals)('are refused by what is newer: $name', async ({ change, reason }) => {
    await remembers({ a: '1' }, { a: '2', b: '2' });
    await expect(change()).rejects.toMatchObject({ reason });
    expect(await dataNow()).toEqual({ a: '2', b: '2' });
  });

  it('are not refused for a port that another object has given back', async () => {
    const ports = { first: 30_080, second: 30_081 };
    for (const [name, nodePort] of Object.entries(ports)) {
      const spec = { type: 'NodePort', selector: { app: 'x' }, ports: [{ port: 80, nodePort }] };
      const body = bodyOf({ kind: 'Service', apiVersion: 'v1', metadata: { name }, spec });
      await late.service('services').create({ namespace: 'x' }, body, asks());
    }
    const moved = [{ op: 'replace', path: '/spec/ports/0/nodePort', value: 30_080 }];
    const move = () => late.service('services').patch(at('second'), patchOf('json', moved));
    await expect(move()).rejects.toMatchObject({ reason: 'Invalid' });
    lag.hold();
    await fresh.service('services').delete(at('first'), deletes());
    const { document } = await move();
    expect((document.object as V1Service).spec?.ports?.[0]?.nodePort).toBe(30_080);
  });

  it('say that the store is unavailable where it cannot be asked whether a refusal holds', async () => {
    await remembers({ a: '1' }, { a: '2' });
    lag.faults.questionsToRefuse = 1;
    const unavailable = { reason: 'ServiceUnavailable', details: { retryAfterSeconds: 1 } };
    const test = [{ op: 'test', path: '/data/a', value: '3' }];
    await expect(patch(late, 'json', test)).rejects.toMatchObject(unavailable);
    await expect(patch(late, 'json', test)).rejects.toMatchObject({ reason: 'Invalid' });
  });

  it('ask once whether nothing was to be written', async () => {
    await remembers({ a: '1' }, { b: '2' });
    const { document } = await merge(late, { a: '1' });
    expect((document.object as V1ConfigMap).data).toEqual({ a: '1', b: '2' });
    expect(lag.counted).toEqual({ questions: 1, writes: 0 });
  });

  it('are shown on the newest state where they are only tried', async () => {
    await remembers({ a: '1' }, { a: '2' });
    const { document } = await service(late).patch(at(), patchOf('merge', { data: { b: '1' } }, { dryRun: true }));
    expect((document.object as V1ConfigMap).data).toEqual({ a: '2', b: '1' });
  });

  it('find no object that has gone, and one that has come', async () => {
    await create(late, configMap({ a: '1' }));
    lag.hold();
    await service(fresh).delete(at(), deletes());
    await expect(merge(late, { b: '2' })).rejects.toMatchObject({ reason: 'NotFound' });
    lag.hold();
    await create(fresh, configMap({ a: '9' }));
    await merge(late, { b: '2' });
    expect(await dataNow()).toEqual({ a: '9', b: '2' });
  });

  it('apply to an object that has come, and make one that has gone', async () => {
    lag.hold();
    await create(fresh, configMap({ a: '1' }));
    expect((await patch(late, 'apply', configMap({ b: '2' }))).created).toBe(false);
    expect(await dataNow()).toEqual({ a: '1', b: '2' });
    lag.hold();
    await service(fresh).delete(at(), deletes());
    expect((await patch(late, 'apply', configMap({ b: '3' }))).created).toBe(true);
    expect(await dataNow()).toEqual({ b: '3' });
  });

  it('apply to what has just been made, though the server has not been shown it', async () => {
    const alone = await openScratchRegistry({ sharedStore: lag.store, knowsOfOthers: false });
    lag.hold();
    await create(fresh, configMap({ a: '1' }));
    const applied = await patch(alone, 'apply', configMap({ b: '2' })).finally(() => {
      lag.release();
      return alone.close();
    });
    expect(applied.created).toBe(false);
    expect(await dataNow()).toEqual({ a: '1', b: '2' });
  });

  it('are not held to what an object of before forbade', async () => {
    await create(late, configMap({ a: '1' }, { immutable: true }));
    lag.hold();
    await service(fresh).delete(at(), deletes());
    await create(fresh, configMap({ a: '1' }));
    await merge(late, { a: '2' });
    expect(await dataNow()).toEqual({ a: '2' });
  });

  it('are not made twice when the answer of the store was lost', async () => {
    await create(late, configMap({ a: '1' }));
    lag.faults.answersToLose = 1;
    const count = [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'replace', path: '/data/a', value: '2' },
    ];
    await expect(patch(late, 'json', count)).rejects.toMatchObject({ reason: 'ServiceUnavailable' });
    expect(lag.counted.writes).toBe(2);
    expect(await dataNow()).toEqual({ a: '2' });
  });

  it('lose nothing of what two servers write by turns, however late one of them is', async () => {
    const steps = fc.array(fc.record({ by: fc.boolean(), hold: fc.boolean(), key: fc.nat({ max: 3 }) }), {
      minLength: 1,
      maxLength: 12,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(steps, async (all) => {
        const name = `p-${run++}`;
        await create(fresh, configMap({}, {}, name));
        const wanted: Record<string, string> = {};
        for (const [turn, { by, hold, key }] of all.entries()) {
          if (hold) lag.hold();
          wanted[`k${key}`] = String(turn);
          const change = patchOf('merge', { data: { [`k${key}`]: String(turn) } });
          await service(by ? fresh : late).patch(at(name), change);
        }
        const { object } = await service(fresh).get(at(name));
        expect((object as V1ConfigMap).data).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });
});
