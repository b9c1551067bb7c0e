import type { Transaction } from '../store/store.ts';
import { KeySpace } from './keys.ts';
import { Round } from './round.ts';

const keys = new KeySpace('/c1');

function requestOf(...transactions: Transaction[]) {
  const round = new Round();
  for (const transaction of transactions) expect(round.take(transaction)).toBe('taken');
  return round.request(keys);
}

describe('a round as etcd gets it', () => {
  const write = (key: string) => ({ key, value: Buffer.from('{}') });

  it('is the transaction itself when there is one', () => {
    const request = requestOf({ guards: [{ key: '/a', revision: 2051 }], writes: [write('/a')] });
    expect(request.compare).toMatchObject([{ target: 'Mod', mod_revision: 2 }]);
    expect(request.success).toEqual([{ request_put: { key: Buffer.from('/c1/a'), value: Buffer.from('{}') } }]);
    expect(request.failure).toEqual([{ request_range: { key: Buffer.from('/c1/a') } }]);
  });

  it('has each of several as a transaction of its own, and the places of their writes one after another', () => {
    const request = requestOf(
      { guards: [], writes: [write('/a'), { key: '/b', value: null }] },
      { guards: [{ key: '/c', revision: 0 }], writes: [write('/c')] },
    );
    expect(request.compare).toBeUndefined();
    const nested = request.success!.map((one) => one.request_txn!);
    expect(nested.map(({ compare }) => compare!.length)).toEqual([0, 1]);
    expect(nested[1]!.success![0]!.request_put!.value!.toString()).toBe('{}\n\r');
  });

  it('reads through the leader when nothing is written, so that no member answers for a state of before', () => {
    const { success, failure } = requestOf({ guards: [], writes: [] });
    expect(success).toEqual([{ request_range: { key: Buffer.from('/c1/absent') } }]);
    expect(failure).toEqual([]);
  });
});
