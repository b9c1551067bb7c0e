import { jest } from '@jest/globals';
import { addNode, addPod, wish } from '../../test/support/bindings.ts';
import { asks, deletes, openScratchRegistry, type ScratchRegistry } from '../../test/support/registry.ts';
import type { V1Pod } from '../api/gen/types.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { seededRandom } from '../base/random.ts';
import { GuardFailedError, type Transaction, type Write } from '../store/store.ts';
import { PodBinder } from './binder.ts';
import type { ObjectWriter } from './writer.ts';

const binderOf = ({ mirror, registry }: ScratchRegistry, isShared = false) =>
  new PodBinder({ mirror, writer: registry.writer, clock: systemClock, isShared });
const reasonOf = (error: Error | undefined) => error && 'reason' in error && error.reason;

function boundTo({ mirror }: ScratchRegistry): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [, document] of mirror.collection('', 'pods').list({})) {
    const { nodeName } = (document.object as V1Pod).spec!;
    if (nodeName) counts.set(nodeName, (counts.get(nodeName) ?? 0) + 1);
  }
  return counts;
}

describe('the capacity of a node', () => {
  let scratch: ScratchRegistry;
  beforeEach(async () => {
    scratch = await openScratchRegistry();
    await addNode(scratch, 'n', '3');
  });
  afterEach(() => scratch.close());

  it('is given away once within one transaction', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await addPod(scratch, name);
    const binder = binderOf(scratch);
    const errors = await binder.bindAll(['a', 'b', 'c', 'd'].map((name) => wish(name, 'n')));
    expect(errors.map(reasonOf)).toEqual([undefined, undefined, undefined, 'Conflict']);
    expect(errors[3]!.message).toMatch(/node n has no room for it any more: insufficient cpu/);
  });

  it('is free again when a pod has gone or ended', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await addPod(scratch, name);
    const binder = binderOf(scratch);
    await binder.bindAll(['a', 'b', 'c'].map((name) => wish(name, 'n')));
    const pods = scratch.service('pods');
    await pods.delete({ namespace: 'x', name: 'a' }, deletes({ gracePeriodSeconds: 0 }));
    expect((await binder.bindAll([wish('d', 'n'), wish('e', 'n')])).map(reasonOf)).toEqual([undefined, 'Conflict']);
  });

  it('is what pods that were bound before the binder started leave of it', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await addPod(scratch, name);
    await binderOf(scratch).bindAll(['a', 'b', 'c'].map((name) => wish(name, 'n')));
    expect((await binderOf(scratch).bindAll([wish('d', 'n')])).map(reasonOf)).toEqual(['Conflict']);
  });

  it('is not used up by a group of which one cannot be bound', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await addPod(scratch, name);
    const binder = binderOf(scratch);
    const group = ['a', 'b', 'none', 'c'].map((name) => wish(name, 'n', 'g'));
    const errors = await binder.bindAll([...group, wish('d', 'n'), wish('e', 'n')]);
    expect(errors.map(reasonOf)).toEqual(['Conflict', 'Conflict', 'NotFound', 'Conflict', undefined, undefined]);
    expect(boundTo(scratch)).toEqual(new Map([['n', 2]]));
  });

  it('binds a pod once when it is asked for twice', async () => {
    await addPod(scratch, 'a');
    const binder = binderOf(scratch);
    const answers = await Promise.all([binder.bindAll([wish('a', 'n')]), binder.bindAll([wish('a', 'n')])]);
    expect(answers.flat().map(reasonOf)).toEqual([undefined, 'Conflict']);
  });
});

describe('two servers over one store', () => {
  it.each([[1], [2], [3]])('never give away more than nodes have, and all of it: seed %i', async (seed) => {
    const one = await openScratchRegistry();
    const other = await openScratchRegistry({ sharedStore: one.store });
    const nodes = ['n1', 'n2', 'n3', 'n4', 'n5'];
    for (const name of nodes) await addNode(one, name, '4');
    const names = Array.from({ length: 60 }, (_, at) => `p${at}`);
    for (const name of names) await addPod(one, name);
    const random = seededRandom(seed);
    const work = async (scratch: ScratchRegistry) => {
      const binder = binderOf(scratch, true);
      for (let round = 0; round < 40; round++) {
        const picked = names.filter(() => random.next() < 0.2);
        await binder.bindAll(picked.map((name) => wish(name, nodes[Math.floor(random.next() * nodes.length)]!)));
      }
    };
    await Promise.all([work(one), work(other), work(one)]);
    await one.mirror.catchUp();
    expect(boundTo(one)).toEqual(new Map(nodes.map((name) => [name, 4])));
    await other.close();
    await one.close();
  });
});

describe('many bindings at once', () => {
  let scratch: ScratchRegistry;

  beforeEach(async () => {
    scratch = await openScratchRegistry();
  });

  afterEach(() => scratch.close());

  it('binds many pods at once and says which could not be', async () => {
    for (const name of ['a', 'b', 'c']) await addPod(scratch, name);
    const binder = binderOf(scratch);
    const before = scratch.mirror.revision;
    const ofAnother = { ...wish('b', 'n'), uid: 'another' };
    const errors = await binder.bindAll([wish('a', 'n'), ofAnother, wish('none', 'n'), wish('c', 'n')]);
    expect(errors.map(reasonOf)).toEqual([undefined, 'Conflict', 'NotFound', undefined]);
    // One write for each of the two that were bound.
    expect(scratch.mirror.revision).toBe(before + 2);
    const { object } = await scratch.service('pods').get({ namespace: 'x', name: 'a' });
    expect((object as V1Pod).status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
    expect((await binder.bindAll([wish('a', 'n')])).map(reasonOf)).toEqual(['Conflict']);
  });

  /** Lets `meanwhile` happen just before the first transaction, and remembers what each one was to write. */
  function binderWith(
    meanwhile: () => Promise<unknown>,
    clock = systemClock,
  ): { binder: PodBinder; writes: Array<readonly Write[]> } {
    const writes: Array<readonly Write[]> = [];
    const { mirror, registry } = scratch;
    const writer = {
      async commit(transaction: Transaction) {
        if (writes.push(transaction.writes) === 1) await meanwhile();
        return registry.writer.commit(transaction);
      },
    };
    return { binder: new PodBinder({ mirror, writer: writer as ObjectWriter, clock }), writes };
  }
  const relabel = (name: string) =>
    scratch
      .service('pods')
      .patch(
        { namespace: 'x', name },
        { ...asks(), type: 'merge', body: { metadata: { labels: { new: 'label' } } }, complaints: [], force: false },
      );

  it('plans those anew that changed meanwhile, and them alone', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await addPod(scratch, name);
    const { binder, writes } = binderWith(async () => {
      await relabel('b');
      await scratch.service('pods').delete({ namespace: 'x', name: 'd' }, deletes({ gracePeriodSeconds: 0 }));
    });
    const errors = await binder.bindAll(['a', 'b', 'c', 'd'].map((name) => wish(name, 'n')));
    expect(errors.map(reasonOf)).toEqual([undefined, undefined, undefined, 'NotFound']);
    const [first, second] = writes;
    expect(second!.map(({ key }) => key)).toEqual(first!.slice(0, 3).map(({ key }) => key));
    expect(second![0]).toBe(first![0]);
    expect(second![2]).toBe(first![2]);
    const { object } = await scratch.service('pods').get({ namespace: 'x', name: 'b' });
    expect(object).toMatchObject({ metadata: { labels: { new: 'label' } }, spec: { nodeName: 'n' } });
  });

  it('looks again at the room of those that stayed as they were, for their node may have shrunk', async () => {
    await addNode(scratch, 'small', '2');
    for (const name of ['a', 'b']) await addPod(scratch, name);
    const { binder } = binderWith(async () => {
      await relabel('b');
      const status = { allocatable: { cpu: '1', pods: '100' } };
      const request = { ...asks(), type: 'merge' as const, body: { status }, complaints: [], force: false };
      await scratch.service('nodes').patch({ name: 'small' }, { ...request, subresource: 'status' });
    });
    const errors = await binder.bindAll(['a', 'b'].map((name) => wish(name, 'small')));
    expect(errors.map(reasonOf)).toEqual([undefined, 'Conflict']);
  });

  it('tries again when a guard failed and nobody says which', async () => {
    await addPod(scratch, 'a');
    const { binder, writes } = binderWith(() => Promise.reject(new GuardFailedError([])));
    expect(await binder.bindAll([wish('a', 'n')])).toEqual([undefined]);
    expect(writes).toHaveLength(2);
    expect(boundTo(scratch)).toEqual(new Map([['n', 1]]));
  });

  describe('leaves the room free that it has planned with when', () => {
    const expectRoom = async (binder: PodBinder, of: string[]) => {
      jest.restoreAllMocks();
      const errors = await binder.bindAll(of.map((name) => wish(name, 'small')));
      expect(errors.map(reasonOf)).toEqual(of.map(() => undefined));
    };
    beforeEach(async () => {
      await addNode(scratch, 'small', '2');
      for (const name of ['a', 'b', 'c']) await addPod(scratch, name);
    });
    const failed = [expect.objectContaining({ message: 'away' }), expect.objectContaining({ message: 'away' })];

    it('the store does not say what has changed', async () => {
      const { binder } = binderWith(() => relabel('b'));
      jest.spyOn(scratch.mirror, 'catchUp').mockRejectedValue(new Error('away'));
      expect(await binder.bindAll([wish('a', 'small'), wish('b', 'small')])).toEqual(failed);
      await expectRoom(binder, ['c', 'b']);
    });

    it('a later plan fails', async () => {
      const clock: Clock = Object.create(systemClock);
      const { binder } = binderWith(async () => {
        await relabel('b');
        jest.spyOn(clock, 'now').mockImplementation(() => {
          throw new Error('away');
        });
      }, clock);
      expect(await binder.bindAll([wish('a', 'small'), wish('b', 'small')])).toEqual(failed);
      await expectRoom(binder, ['c', 'b']);
    });
  });

  it('gives the room of one that is gone to the next', async () => {
    await addNode(scratch, 'small', '2');
    for (const name of ['a', 'b', 'c']) await addPod(scratch, name);
    const { binder } = binderWith(() =>
      scratch.service('pods').delete({ namespace: 'x', name: 'a' }, deletes({ gracePeriodSeconds: 0 })),
    );
    const errors = await binder.bindAll(['a', 'b'].map((name) => wish(name, 'small')));
    expect(errors.map(reasonOf)).toEqual(['NotFound', undefined]);
    expect((await binder.bindAll([wish('c', 'small')])).map(reasonOf)).toEqual([undefined]);
  });

  it('parts no group of which one was taken by somebody else meanwhile', async () => {
    await addNode(scratch, 'small', '3');
    for (const name of ['a', 'b', 'c', 'd']) await addPod(scratch, name);
    const other = binderOf(scratch);
    const { binder } = binderWith(() => other.bindAll([wish('b', 'n')]));
    const asked = [wish('a', 'small', 'g'), wish('b', 'small', 'g'), wish('c', 'small', 'g'), wish('d', 'small')];
    expect((await binder.bindAll(asked)).map(reasonOf)).toEqual(['Conflict', 'Conflict', 'Conflict', undefined]);
    expect(boundTo(scratch)).toEqual(
      new Map([
        ['n', 1],
        ['small', 1],
      ]),
    );
    expect((await binder.bindAll(['a', 'c'].map((name) => wish(name, 'small')))).map(reasonOf)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('shows a watcher that was cut between two pods of one transaction the second one', async () => {
    for (const name of ['a', 'b', 'c']) await addPod(scratch, name);
    const binder = binderOf(scratch);
    await binder.bindAll(['a', 'b', 'c'].map((name) => wish(name, 'n')));
    const { object } = await scratch.service('pods').get({ namespace: 'x', name: 'b' });
    const seen: string[] = [];
    const listener = {
      event: (_: string, event: { key: string }) => void seen.push(event.key),
      initial() {},
      bookmark() {},
      failed() {},
    };
    const { resourceVersion } = object.metadata!;
    const watch = await scratch.service('pods').watch({ namespace: 'x', resourceVersion }, listener);
    watch.cancel();
    expect(seen).toEqual(['x/c']);
  });
});
