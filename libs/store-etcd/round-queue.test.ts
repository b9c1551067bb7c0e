import { type Committed, GuardFailedError, StoreUnavailableError, type Transaction } from '../store/store.ts';
import type { Round } from './round.ts';
import { RoundQueue } from './round-queue.ts';

const done: Committed = { revision: 1, writeRevisions: [] };

/** Rounds that wait until they are answered. */
class FakeEtcd {
  readonly rounds: Array<{ keys: string[]; answer(outcome?: GuardFailedError): void; fail(error: Error): void }> = [];
  readonly queue = new RoundQueue(
    (round: Round) =>
      new Promise((resolve, reject) => {
        const keys = round.taken.map(({ transaction: { writes } }) => writes.map(({ key }) => key).join('+'));
        const answer = (outcome: Committed | GuardFailedError = done) => resolve(keys.map(() => outcome));
        this.rounds.push({ keys, answer, fail: reject });
      }),
  );

  get sent(): string[][] {
    return this.rounds.map(({ keys }) => keys);
  }
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const writing = (keys: string[], guarded: string[] = [], bytes = 1): Transaction => ({
  guards: guarded.map((key) => ({ key, revision: 0 })),
  writes: keys.map((key) => ({ key, value: Buffer.alloc(bytes) })),
});

describe('rounds of transactions', () => {
  let etcd: FakeEtcd;
  beforeEach(() => {
    etcd = new FakeEtcd();
  });
  const commit = (...transactions: Transaction[]) => transactions.map((transaction) => etcd.queue.commit(transaction));

  it('send what comes at once together, and what comes meanwhile after that', async () => {
    const first = commit(writing(['a']), writing(['b']));
    await turn();
    const second = commit(writing(['c']));
    await turn();
    const third = commit(writing(['d'], ['a']));
    await turn();
    expect(etcd.sent).toEqual([['a', 'b']]);
    etcd.rounds[0]!.answer();
    await Promise.all(first);
    await turn();
    expect(etcd.sent).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
    etcd.rounds[1]!.answer();
    await Promise.all([...second, ...third]);
  });

  const dependent: Array<{ what: string; transactions: Transaction[]; rounds: string[][] }> = [
    { what: 'writes a key again', transactions: [writing(['a']), writing(['a'])], rounds: [['a'], ['a']] },
    { what: 'guards a written key', transactions: [writing(['a']), writing(['b'], ['a'])], rounds: [['a'], ['b']] },
    {
      what: 'writes what one that waits looks at',
      transactions: [writing(['a']), writing(['b'], ['a']), writing(['b']), writing(['c'])],
      rounds: [['a', 'c'], ['b'], ['b']],
    },
    { what: 'writes a guarded key', transactions: [writing(['a'], ['b']), writing(['b'])], rounds: [['a', 'b']] },
    {
      what: 'has many guards',
      transactions: [
        writing(['a']),
        writing(
          ['b'],
          Array.from({ length: 120 }, (_, at) => `g${at}`),
        ),
      ],
      rounds: [['a', 'b']],
    },
    {
      what: 'has more guards than fit beside others',
      transactions: [
        writing(['a']),
        writing(
          ['b'],
          Array.from({ length: 128 }, (_, at) => `g${at}`),
        ),
      ],
      rounds: [['a'], ['b']],
    },
    {
      what: 'is too large to go with others',
      transactions: [writing(['a']), writing(['b'], [], 2 ** 20), writing(['c'])],
      rounds: [['a'], ['b'], ['c']],
    },
  ];
  it.each(dependent)('keep the order for one that $what', async ({ transactions, rounds }) => {
    const answers = commit(...transactions);
    for (let at = 0; at < rounds.length; at++) {
      await turn();
      etcd.rounds[at]!.answer();
    }
    await Promise.all(answers);
    expect(etcd.sent).toEqual(rounds);
  });

  it('do not wait for each other when they are full', async () => {
    const answers = commit(...Array.from({ length: 300 }, (_, at) => writing([`k${at}`])));
    await turn();
    expect(etcd.sent.map(({ length }) => length)).toEqual([127, 127]);
    etcd.rounds[0]!.answer();
    await turn();
    expect(etcd.sent).toHaveLength(2);
    etcd.rounds[1]!.answer();
    await turn();
    expect(etcd.sent.map(({ length }) => length)).toEqual([127, 127, 46]);
    etcd.rounds[2]!.answer();
    await Promise.all(answers);
  });

  it('fail as a whole when their outcome is not known, and the next one is sent', async () => {
    const answers = commit(writing(['a']), writing(['b']));
    await turn();
    const next = commit(writing(['c']));
    etcd.rounds[0]!.fail(new StoreUnavailableError('lost'));
    for (const answer of answers) await expect(answer).rejects.toThrow(StoreUnavailableError);
    await turn();
    etcd.rounds[1]!.answer(new GuardFailedError([]));
    await expect(next[0]).rejects.toThrow(GuardFailedError);
  });
});
