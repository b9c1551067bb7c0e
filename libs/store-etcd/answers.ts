import * as fields from './fields.ts';
import type { StoredValue } from './keys.ts';
import { MessageReader } from './message-reader.ts';

/**
 * What etcd answers, read no further than the store looks: every write comes back here twice, as an answer and on the
 * watch. Keys and values are views of the message.
 */

export interface RangeAnswer {
  modRevision: number;
  found: StoredValue[];
  more: boolean;
  /** Of all that there are in the range. */
  count: number;
}

/** Operations in the order in which they were asked for. */
export interface TransactionAnswer {
  modRevision: number;
  succeeded: boolean;
  operations: OperationAnswer[];
}

/** What became of one operation: how many keys were removed, what was read, or the transaction within. */
export interface OperationAnswer {
  readonly removed?: number;
  readonly found?: readonly StoredValue[];
  readonly transaction?: TransactionAnswer;
}

export interface Change {
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
  changes: Change[];
}

const put: OperationAnswer = {};
const nothing: Buffer = Buffer.alloc(0);

export function readTransactionAnswer(message: Buffer): TransactionAnswer {
  return transactionAnswer(new MessageReader(message));
}

export function readRangeAnswer(message: Buffer): RangeAnswer {
  return rangeAnswer(new MessageReader(message));
}

export function readWatchAnswer(message: Buffer): WatchAnswer {
  const reader = new MessageReader(message);
  const { created, cancelled, compactRevision, cancelReason, changes } = fields.watchAnswer;
  const answer: WatchAnswer = {
    modRevision: 0,
    isCreated: false,
    isCancelled: false,
    compactRevision: 0,
    cancelReason: '',
    changes: [],
  };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === changes) answer.changes.push(change(reader.nested()));
    else if (field === fields.answerHeader) answer.modRevision = headerRevision(reader.nested());
    else if (field === created) answer.isCreated = reader.number() !== 0;
    else if (field === cancelled) answer.isCancelled = reader.number() !== 0;
    else if (field === compactRevision) answer.compactRevision = reader.number();
    else if (field === cancelReason) answer.cancelReason = reader.bytes().toString();
    else reader.skip();
  }
  return answer;
}

function transactionAnswer(reader: MessageReader): TransactionAnswer {
  const { succeeded, operations } = fields.transactionAnswer;
  const answer: TransactionAnswer = { modRevision: 0, succeeded: false, operations: [] };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === operations) answer.operations.push(operationAnswer(reader.nested()));
    else if (field === fields.answerHeader) answer.modRevision = headerRevision(reader.nested());
    else if (field === succeeded) answer.succeeded = reader.number() !== 0;
    else reader.skip();
  }
  return answer;
}

function operationAnswer(reader: MessageReader): OperationAnswer {
  const field = reader.field();
  if (field === fields.operation.range) return { found: rangeAnswer(reader.nested()).found };
  if (field === fields.operation.removal) return { removed: numberIn(reader.nested(), fields.removalAnswer.removed) };
  if (field === fields.operation.transaction) return { transaction: transactionAnswer(reader.nested()) };
  return put;
}

function rangeAnswer(reader: MessageReader): RangeAnswer {
  const { found, more, count } = fields.rangeAnswer;
  const answer: RangeAnswer = { modRevision: 0, found: [], more: false, count: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === found) answer.found.push(storedValue(reader.nested()));
    else if (field === fields.answerHeader) answer.modRevision = headerRevision(reader.nested());
    else if (field === more) answer.more = reader.number() !== 0;
    else if (field === count) answer.count = reader.number();
    else reader.skip();
  }
  return answer;
}

function headerRevision(reader: MessageReader): number {
  return numberIn(reader, fields.header.revision);
}

/** The number in the field of a message of which nothing else is wanted; 0 where it is not written. */
function numberIn(reader: MessageReader, wanted: number): number {
  let value = 0;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === wanted) value = reader.number();
    else reader.skip();
  }
  return value;
}

function change(reader: MessageReader): Change {
  const told: Change = { stored: { key: nothing, value: nothing, modRevision: 0 }, isRemoval: false };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === fields.change.type) told.isRemoval = reader.number() === fields.changeIsRemoval;
    else if (field === fields.change.stored) told.stored = storedValue(reader.nested());
    else reader.skip();
  }
  return told;
}

function storedValue(reader: MessageReader): StoredValue {
  const { key, modRevision, value } = fields.stored;
  const stored: StoredValue = { key: nothing, value: nothing, modRevision: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === key) stored.key = reader.bytes();
    else if (field === modRevision) stored.modRevision = reader.number();
    else if (field === value) stored.value = reader.bytes();
    else reader.skip();
  }
  return stored;
}
