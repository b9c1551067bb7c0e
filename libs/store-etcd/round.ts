import { type Committed, GuardFailedError, type Transaction, transactionOperationsMax } from '../store/store.ts';
import type { TransactionAnswer } from './answers.ts';
import type { KeySpace } from './keys.ts';
import { endOf, Places, placesMax, revisionAt } from './revisions.ts';
import { type Placed, roundMessage } from './round-message.ts';

/** What one request carries at most, unless one transaction is larger; etcd takes 1.5 MiB. */
const roundBytesMax = 2 ** 20;

/**
 * Transactions that go to etcd as one. Each is a transaction within the transaction, with comparisons and another branch
 * of its own. etcd makes all comparisons before it writes anything, and takes one write to a key, so no key that one of
 * them writes may be looked at by a later one.
 */
export class Round {
  readonly taken: Placed[] = [];
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

  message(keys: KeySpace): Buffer {
    return roundMessage(keys, this.taken, this.bytes);
  }

  /** What became of each transaction. */
  outcomes(keys: KeySpace, answer: TransactionAnswer): Array<Committed | GuardFailedError> {
    const { modRevision, operations } = answer;
    const answers = this.taken.length === 1 ? [answer] : operations.map((one) => one.transaction!);
    const places = new Places();
    return this.taken.map(({ transaction, firstPlace }, at) => {
      const { succeeded, operations } = answers[at]!;
      if (!succeeded) return guardFailure(keys, transaction, answers[at]!);
      const writeRevisions = transaction.writes.map(({ value }, index) => {
        if (value !== null) return revisionAt(modRevision, places.next(firstPlace + index));
        const isGone = operations[index]!.removed! > 0;
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

function guardFailure(keys: KeySpace, { guards }: Transaction, { operations }: TransactionAnswer): GuardFailedError {
  const current = guards.map(({ key, revision }, at) => {
    const stored = operations[at]?.found?.[0];
    return { key, entry: stored && keys.entry(stored), revision };
  });
  const failed = current.filter(({ entry, revision }) => (entry?.revision ?? 0) !== revision);
  return new GuardFailedError(failed.map(({ key, entry }) => ({ key, entry })));
}
