import type { Transaction } from '../store/store.ts';
import { absentKey, type KeySpace, type StoredValue } from './keys.ts';
import { MessageReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import { guardedModRevision } from './revisions.ts';
import { markBehind } from './value.ts';

/**
 * etcd's transactions and watches as they go over the wire. Every write passes here twice, out and back, so these
 * messages are written from the store's own transactions and read no further than the store looks; etcd3 makes objects
 * of all that they hold. Field numbers: etcd's rpc.proto and kv.proto. Fields are written in reverse.
 */
const compareByModRevision = 2;
const changeIsRemoval = 1;
/** About what a write takes besides its key, thrice, and its value. */
const overheadBytes = 64;

/** A transaction and the place of its first write among those of its round. */
export interface Placed {
  readonly transaction: Transaction;
  readonly firstPlace: number;
}

/** What etcd did; operations in the order in which they were asked for. */
export interface TransactionAnswer {
  modRevision: number;
  succeeded: boolean;
  operations: OperationAnswer[];
}

/** What became of one operation: keys removed, what was read, or the transaction within. A put tells nothing. */
export interface OperationAnswer {
  readonly removed: number;
  readonly found: readonly StoredValue[];
  readonly transaction?: TransactionAnswer;
}

const put: OperationAnswer = { removed: 0, found: [] };

/** A change as a watch tells it; the value is null for a removal. */
export interface StoredChange {
  stored: StoredValue;
  isRemoval: boolean;
}

export interface WatchAnswer {
  modRevision: number;
  isCreated: boolean;
  isCancelled: boolean;
  /** 0 where nothing is said of compaction. */
  compactRevision: number;
  cancelReason: string;
  changes: StoredChange[];
}

/** One transaction as it is, several of them as transactions within one. */
export function transactionMessage(keys: KeySpace, placed: readonly Placed[], bytes: number): Buffer {
  const writer = new MessageWriter(bytes + placed.length * overheadBytes);
  if (placed.length === 1) {
    writeTransaction(writer, keys, placed[0]!);
    return writer.finish();
  }
  for (let at = placed.length - 1; at >= 0; at--) {
    const end = writer.length;
    writeTransaction(writer, keys, placed[at]!);
    writer.nested(4, end);
    writer.nested(2, end);
  }
  return writer.finish();
}

/** When a guard fails it reads what all guards are about. */
function writeTransaction(writer: MessageWriter, keys: KeySpace, { transaction, firstPlace }: Placed): void {
  const { guards, writes } = transaction;
  for (let at = guards.length - 1; at >= 0; at--) writeRead(writer, keys.name(guards[at]!.key), 3);
  for (let at = writes.length - 1; at >= 0; at--) {
    const { key, value } = writes[at]!;
    const end = writer.length;
    if (value !== null) writer.bytes(2, value, markBehind(value, firstPlace + at));
    writer.text(1, keys.name(key));
    writer.nested(value === null ? 3 : 2, end);
    writer.nested(2, end);
  }
  // A member that lags behind answers one without any operation by itself; one that reads asks the leader.
  if (writes.length === 0) writeRead(writer, keys.name(absentKey), 2);
  for (let at = guards.length - 1; at >= 0; at--) {
    const { key, revision } = guards[at]!;
    const end = writer.length;
    writer.number(6, guardedModRevision(revision));
    writer.text(3, keys.name(key));
    writer.number(2, compareByModRevision);
    writer.nested(1, end);
  }
}

function writeRead(writer: MessageWriter, name: string, field: number): void {
  const end = writer.length;
  writer.text(1, name);
  writer.nested(1, end);
  writer.nested(field, end);
}

export function readTransactionAnswer(message: Buffer): TransactionAnswer {
  return transactionAnswer(new MessageReader(message));
}

function transactionAnswer(reader: MessageReader): TransactionAnswer {
  const answer: TransactionAnswer = { modRevision: 0, succeeded: false, operations: [] };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) answer.modRevision = headerRevision(reader.nested());
    else if (field === 2) answer.succeeded = reader.number() !== 0;
    else if (field === 3) answer.operations.push(operationAnswer(reader.nested()));
    else reader.skip();
  }
  return answer;
}

function operationAnswer(reader: MessageReader): OperationAnswer {
  switch (reader.field()) {
    case 1:
      return { removed: 0, found: rangeAnswer(reader.nested()) };
    case 3:
      return { removed: removalAnswer(reader.nested()), found: [] };
    case 4:
      return { removed: 0, found: [], transaction: transactionAnswer(reader.nested()) };
    default:
      return put;
  }
}

function rangeAnswer(reader: MessageReader): StoredValue[] {
  const found: StoredValue[] = [];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 2) found.push(storedValue(reader.nested()));
    else reader.skip();
  }
  return found;
}

function removalAnswer(reader: MessageReader): number {
  let removed = 0;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 2) removed = reader.number();
    else reader.skip();
  }
  return removed;
}

function headerRevision(reader: MessageReader): number {
  let revision = 0;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 3) revision = reader.number();
    else reader.skip();
  }
  return revision;
}

const nothing: Buffer = Buffer.alloc(0);

function storedValue(reader: MessageReader): StoredValue {
  const stored: StoredValue = { key: nothing, value: nothing, mod_revision: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) stored.key = reader.bytes();
    else if (field === 3) stored.mod_revision = reader.number();
    else if (field === 5) stored.value = reader.bytes();
    else reader.skip();
  }
  return stored;
}

export function readWatchAnswer(message: Buffer): WatchAnswer {
  const reader = new MessageReader(message);
  const answer: WatchAnswer = {
    modRevision: 0,
    isCreated: false,
    isCancelled: false,
    compactRevision: 0,
    cancelReason: '',
    changes: [],
  };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 11) answer.changes.push(storedChange(reader.nested()));
    else if (field === 1) answer.modRevision = headerRevision(reader.nested());
    else if (field === 3) answer.isCreated = reader.number() !== 0;
    else if (field === 4) answer.isCancelled = reader.number() !== 0;
    else if (field === 5) answer.compactRevision = reader.number();
    else if (field === 6) answer.cancelReason = reader.bytes().toString();
    else reader.skip();
  }
  return answer;
}

function storedChange(reader: MessageReader): StoredChange {
  const change: StoredChange = { stored: { key: nothing, value: nothing, mod_revision: 0 }, isRemoval: false };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) change.isRemoval = reader.number() === changeIsRemoval;
    else if (field === 2) change.stored = storedValue(reader.nested());
    else reader.skip();
  }
  return change;
}
