import type { IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3';
import { type Committed, GuardFailedError, type Transaction, transactionOperationsMax } from '../store/store.ts';
import { absentKey, type KeySpace } from './keys.ts';
import { endOf, modRevisionOf, Places, placesMax, revisionAt } from './revisions.ts';
import { markedValue } from './value.ts';

/** What one request carries at most, unless one transaction is larger; etcd takes 1.5 MiB. */
const roundBytesMax = 2 ** 20;

/**
 * Transactions that go to etcd as one. Each is a transaction within the transaction, with comparisons and another branch
 * of its own. etcd makes all comparisons before it writes anything, and takes one write to a key, so no key that one of
 * them writes may be looked at by a later one.
 */
export class Round {
  readonly taken: Array<{ readonly transaction: Transaction; readonly firstPlace: number }> = [];
  /** Keys that are written here, and keys of those that depend on that and so come later. */
  private readonly closed = new Set<string>();
  private writes = 0;
  private bytes = 0;
  /** The most guards or writes of a transaction. */
  private largest = 0;

  /** Takes the transaction, unless there is no room or it depends on one that came before it. */
  take(transaction: Transaction): 'taken' | 'full' | 'depends' {
    const { guards, writes } = transaction;
    const bytes = bytesOf(transaction);
    const largest = Math.max(this.largest, guards.length, writes.length);
    if (this.taken.length > 0) {
      // etcd counts the operations along each path from the outer transaction to an inner one's.
      if (this.taken.length + 1 + largest > transactionOperationsMax) return 'full';
      if (this.writes + writes.length > placesMax || this.bytes + bytes > roundBytesMax) return 'full';
      if (guards.some(({ key }) => this.closed.has(key)) || writes.some(({ key }) => this.closed.has(key))) {
        for (const { key } of guards) this.closed.add(key);
        for (const { key } of writes) this.closed.add(key);
        return 'depends';
      }
    }
    this.taken.push({ transaction, firstPlace: this.writes });
    for (const { key } of writes) this.closed.add(key);
    this.writes += writes.length;
    this.bytes += bytes;
    this.largest = largest;
    return 'taken';
  }

  request(keys: KeySpace): ITxnRequest {
    const requests = this.taken.map(({ transaction, firstPlace }) => requestOf(keys, transaction, firstPlace));
    return requests.length === 1 ? requests[0]! : { success: requests.map((request) => ({ request_txn: request })) };
  }

  /** What became of each transaction. */
  outcomes(keys: KeySpace, answer: ITxnResponse): Array<Committed | GuardFailedError> {
    const modRevision = Number(answer.header.revision);
    const answers = this.taken.length === 1 ? [answer] : answer.responses.map((one) => one.response_txn);
    const places = new Places();
    return this.taken.map(({ transaction, firstPlace }, at) => {
      const { succeeded, responses } = answers[at]!;
      if (!succeeded) return guardFailure(keys, transaction, answers[at]!);
      const writeRevisions = transaction.writes.map(({ value }, index) => {
        if (value !== null) return revisionAt(modRevision, places.next(firstPlace + index));
        const isGone = Number(responses[index]!.response_delete_range.deleted) > 0;
        return isGone ? revisionAt(modRevision, places.next(undefined)) : 0;
      });
      return { revision: endOf(modRevision), writeRevisions };
    });
  }
}

function bytesOf({ guards, writes }: Transaction): number {
  let bytes = 0;
  for (const { key } of guards) bytes += 2 * key.length;
  for (const { key, value } of writes) bytes += key.length + (value?.byteLength ?? 0);
  return bytes;
}

/** One transaction whose first write has the place `first`. When a guard fails it reads what all guards are about. */
function requestOf(keys: KeySpace, { guards, writes }: Transaction, first: number): ITxnRequest {
  const writesOf = () =>
    writes.map(({ key, value }, index): IRequestOp => {
      const name = keys.encode(key);
      if (value === null) return { request_delete_range: { key: name } };
      return { request_put: { key: name, value: markedValue(value, first + index) } };
    });
  return {
    compare: guards.map(({ key, revision }) => ({
      key: keys.encode(key),
      target: 'Mod',
      result: 'Equal',
      mod_revision: guardedModRevision(revision),
    })),
    // A member that lags behind answers one without any operation by itself; one that reads asks the leader.
    success: writes.length === 0 ? [{ request_range: { key: keys.encode(absentKey) } }] : writesOf(),
    failure: guards.map(({ key }) => ({ request_range: { key: keys.encode(key) } })),
  };
}

/**
 * A key is written once in a transaction, so etcd's revision tells its states apart. What an older Berth called a
 * revision is below all that there are now and must not pass for 0, which says that there is no such key.
 */
function guardedModRevision(revision: number): number {
  return revision === 0 ? 0 : modRevisionOf(revision) || -1;
}

function guardFailure(keys: KeySpace, { guards }: Transaction, { responses }: ITxnResponse): GuardFailedError {
  const current = guards.map(({ key, revision }, at) => {
    const kv = responses[at]?.response_range?.kvs[0];
    return { key, entry: kv === undefined ? undefined : keys.entry(kv), revision };
  });
  const failed = current.filter(({ entry, revision }) => (entry?.revision ?? 0) !== revision);
  return new GuardFailedError(failed.map(({ key, entry }) => ({ key, entry })));
}
