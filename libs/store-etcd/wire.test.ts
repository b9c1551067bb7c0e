import { Etcd3, type ITxnRequest } from 'etcd3';
import fc from 'fast-check';
import type { Transaction } from '../store/store.ts';
import { readRangeAnswer, readTransactionAnswer, readWatchAnswer } from './answers.ts';
import { KeySpace } from './keys.ts';
import { guardedModRevision } from './revisions.ts';
import { Round } from './round.ts';
import { type Placed, roundMessage } from './round-message.ts';
import { markBehind } from './value.ts';

/** The same messages as etcd3 writes and reads them. */
interface Method {
  requestDeserialize(message: Buffer): ITxnRequest;
  responseSerialize(answer: object): Buffer;
}
const client = new Etcd3({ hosts: 'http://127.0.0.1:1' });
const { pool } = client as unknown as {
  pool: { withConnection<T>(service: string, call: (connected: { client: T }) => T): Promise<T> };
};
const { range, txn } = await pool.withConnection<{ range: Method; txn: Method }>('KV', (connected) => connected.client);
const { watch } = await pool.withConnection<{ watch: Method }>('Watch', (connected) => connected.client);
afterAll(() => client.close());

const keys = new KeySpace('/cluster');
const key = fc.oneof(
  fc.stringMatching(/^\/[a-z/.-]{0,200}$/),
  fc.string({ unit: 'grapheme' }).map((name) => `/${name}`),
);
const value = fc.uint8Array({ maxLength: 40_000 }).map((bytes) => Buffer.from(bytes));
/** Each length of a number on the wire. */
const count = fc.oneof(fc.nat(300), fc.maxSafeNat());
const transaction: fc.Arbitrary<Transaction> = fc.record({
  guards: fc.array(fc.record({ key, revision: count }), { maxLength: 3 }),
  writes: fc.array(fc.record({ key, value: fc.option(value) }), { maxLength: 3 }),
});

const read = (name: string) => ({ request_range: { key: Buffer.from(keys.name(name)) } });

/** A transaction as etcd3 takes it. */
const requestOf = ({ transaction: { guards, writes }, firstPlace }: Placed) => ({
  compare: guards.map((guard) => ({
    key: Buffer.from(keys.name(guard.key)),
    target: 'Mod',
    result: 'Equal',
    mod_revision: String(guardedModRevision(guard.revision)),
  })),
  success: [
    ...writes.map((write, at) => {
      const name = Buffer.from(keys.name(write.key));
      if (write.value === null) return { request_delete_range: { key: name } };
      const marked = Buffer.concat([write.value, markBehind(write.value, firstPlace + at)]);
      return { request_put: { key: name, value: marked } };
    }),
    ...(writes.length === 0 ? [read('/absent')] : []),
  ],
  failure: guards.map((guard) => read(guard.key)),
});

describe('a round as etcd gets it', () => {
  const write = (name: string) => ({ key: name, value: Buffer.from('{}') });
  const requestOfRound = (...transactions: Transaction[]) => {
    const round = new Round();
    for (const one of transactions) expect(round.take(one)).toBe('taken');
    return txn.requestDeserialize(round.message(keys));
  };

  it('is the transaction itself when there is one', () => {
    const request = requestOfRound({ guards: [{ key: '/a', revision: 2051 }], writes: [write('/a')] });
    expect(request.compare).toMatchObject([{ target: 'Mod', mod_revision: '2' }]);
    expect(request.success).toMatchObject([
      { request_put: { key: Buffer.from('/cluster/a'), value: Buffer.from('{}') } },
    ]);
    expect(request.failure).toMatchObject([read('/a')]);
  });

  it('has each of several as a transaction of its own, and the places of their writes one after another', () => {
    const request = requestOfRound(
      { guards: [], writes: [write('/a'), { key: '/b', value: null }] },
      { guards: [{ key: '/c', revision: 0 }], writes: [write('/c')] },
    );
    expect(request.compare).toEqual([]);
    const nested = request.success!.map((one) => one.request_txn!);
    expect(nested.map(({ compare }) => compare!.length)).toEqual([0, 1]);
    expect(nested[1]!.success![0]!.request_put!.value!.toString()).toBe('{}\n\r');
  });

  it('reads through the leader when nothing is written, so that no member answers for a state of before', () => {
    const { success, failure } = requestOfRound({ guards: [], writes: [] });
    expect(success).toMatchObject([read('/absent')]);
    expect(failure).toEqual([]);
  });
});

describe('messages are what etcd3 makes of the same', () => {
  it('for a round of transactions', () => {
    fc.assert(
      fc.property(fc.array(transaction, { minLength: 1, maxLength: 5 }), fc.nat(1000), (transactions, guess) => {
        const placed = transactions.map((one, at) => ({ transaction: one, firstPlace: at * 7 }));
        const requests = placed.map(requestOf);
        const whole = requests.length === 1 ? requests[0]! : { success: requests.map((one) => ({ request_txn: one })) };
        expect(txn.requestDeserialize(roundMessage(keys, placed, guess))).toMatchObject(whole);
      }),
      { numRuns: 50 },
    );
  });

  const kv = fc.record({
    key: value,
    value,
    mod_revision: count,
    create_revision: count,
    version: count,
    lease: count,
  });
  const header = fc.record({ cluster_id: count, member_id: count, revision: count, raft_term: count });
  const kept = (one: { key: Buffer; value: Buffer; mod_revision: number }) => ({
    key: one.key,
    value: one.value,
    modRevision: one.mod_revision,
  });

  it('for the answers to transactions', () => {
    const answer = fc.record({ header, succeeded: fc.boolean(), kvs: fc.array(kv), deleted: count, prev_kv: kv });
    const check = ({ header: outer, succeeded, kvs, deleted, prev_kv }: Parameters<typeof sent>[0]) => {
      const inner = sent({ header: outer, succeeded, kvs, deleted, prev_kv });
      const operations = [{}, { removed: deleted }, { found: kvs.map(kept) }];
      const modRevision = outer.revision;
      expect(readTransactionAnswer(txn.responseSerialize(inner))).toEqual({ modRevision, succeeded, operations });
      const nested = { header: outer, succeeded: true, responses: [{ response_txn: { ...inner, header: {} } }] };
      expect(readTransactionAnswer(txn.responseSerialize(nested))).toEqual({
        modRevision,
        succeeded: true,
        operations: [{ transaction: { modRevision: 0, succeeded, operations } }],
      });
    };
    type Kv = { key: Buffer; value: Buffer; mod_revision: number };
    const sent = (of: {
      header: { revision: number };
      succeeded: boolean;
      kvs: Kv[];
      deleted: number;
      prev_kv: Kv;
    }) => ({
      header: of.header,
      succeeded: of.succeeded,
      responses: [
        { response_put: { header: of.header, prev_kv: of.prev_kv } },
        { response_delete_range: { header: of.header, deleted: of.deleted, prev_kvs: [of.prev_kv] } },
        { response_range: { header: of.header, kvs: of.kvs, more: true, count: of.kvs.length } },
      ],
    });
    fc.assert(fc.property(answer, check), { numRuns: 50 });
  });

  it('for what is read', () => {
    const answer = fc.record({ header, kvs: fc.array(kv), more: fc.boolean(), count });
    fc.assert(
      fc.property(answer, (told) => {
        expect(readRangeAnswer(range.responseSerialize(told))).toEqual({
          modRevision: told.header.revision,
          found: told.kvs.map(kept),
          more: told.more,
          count: told.count,
        });
      }),
      { numRuns: 50 },
    );
  });

  it('for what a watch tells', () => {
    const event = fc.record({ type: fc.constantFrom('Put', 'Delete'), kv, prev_kv: kv });
    const answer = fc.record({
      header,
      watch_id: count,
      created: fc.boolean(),
      canceled: fc.boolean(),
      compact_revision: count,
      cancel_reason: fc.string({ unit: 'grapheme' }),
      fragment: fc.boolean(),
      events: fc.array(event),
    });
    fc.assert(
      fc.property(answer, (told) => {
        expect(readWatchAnswer(watch.responseSerialize(told))).toEqual({
          modRevision: told.header.revision,
          isCreated: told.created,
          isCancelled: told.canceled,
          compactRevision: told.compact_revision,
          cancelReason: told.cancel_reason,
          changes: told.events.map((one) => ({ stored: kept(one.kv), isRemoval: one.type === 'Delete' })),
        });
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a field that ends behind its message', Buffer.from([0x0a, 0x05, 0x01])],
    ['a number that does not end', Buffer.alloc(12, 0xff)],
    ['a number that ends behind its message', Buffer.from([0x0a, 0x02, 0x18, 0x80, 0x01])],
    ['such a number that nobody wants', Buffer.from([0x0a, 0x02, 0x38, 0x80, 0x01])],
    ['a field of a type that there is not', Buffer.from([0x7f])],
  ])('and refuse %s', (_what, message) => {
    expect(() => readTransactionAnswer(message)).toThrow(/etcd/);
    expect(() => readWatchAnswer(message)).toThrow(/etcd/);
  });
});
