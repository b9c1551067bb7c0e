import type { Transaction } from '../store/store.ts';
import * as fields from './fields.ts';
import { absentKey, type KeySpace } from './keys.ts';
import { MessageWriter } from './message-writer.ts';
import { guardedModRevision } from './revisions.ts';
import { markBehind } from './value.ts';

/** What a write and its guard take besides keys and value, at most but for long prefixes of keys. */
const overheadBytes = 64;

/** A transaction and the place of its first write among those of its round. */
export interface Placed {
  readonly transaction: Transaction;
  readonly firstPlace: number;
}

/**
 * A round as it goes over the wire, straight from the store's transactions: one as it is, several of them as
 * transactions within one. The writer goes from the end to the beginning, so everything comes in reverse.
 * @param bytes how long keys and values are; with more the message is copied as it grows
 */
export function roundMessage(keys: KeySpace, round: readonly Placed[], bytes: number): Buffer {
  let operations = round.length;
  for (const { transaction } of round) operations += Math.max(transaction.guards.length, transaction.writes.length);
  const writer = new MessageWriter(bytes + operations * overheadBytes);
  if (round.length === 1) {
    writeTransaction(writer, keys, round[0]!);
    return writer.finish();
  }
  for (let at = round.length - 1; at >= 0; at--) {
    const end = writer.length;
    writeTransaction(writer, keys, round[at]!);
    writer.nested(fields.operation.transaction, end);
    writer.nested(fields.transactionRequest.success, end);
  }
  return writer.finish();
}

/** When a guard fails it reads what all guards are about. */
function writeTransaction(writer: MessageWriter, keys: KeySpace, { transaction, firstPlace }: Placed): void {
  const { guards, writes } = transaction;
  const { compares, success, failure } = fields.transactionRequest;
  for (let at = guards.length - 1; at >= 0; at--) writeRead(writer, keys.name(guards[at]!.key), failure);
  for (let at = writes.length - 1; at >= 0; at--) {
    const { key, value } = writes[at]!;
    const end = writer.length;
    if (value !== null) writer.bytes(fields.request.value, value, markBehind(value, firstPlace + at));
    writer.text(fields.request.key, keys.name(key));
    writer.nested(value === null ? fields.operation.removal : fields.operation.put, end);
    writer.nested(success, end);
  }
  // A member that lags behind answers one without any operation by itself; one that reads asks the leader.
  if (writes.length === 0) writeRead(writer, keys.name(absentKey), success);
  for (let at = guards.length - 1; at >= 0; at--) {
    const { key, revision } = guards[at]!;
    const end = writer.length;
    writer.number(fields.compare.modRevision, guardedModRevision(revision));
    writer.text(fields.compare.key, keys.name(key));
    writer.number(fields.compare.target, fields.comparedByModRevision);
    writer.nested(compares, end);
  }
}

function writeRead(writer: MessageWriter, name: string, field: number): void {
  const end = writer.length;
  writer.text(fields.request.key, name);
  writer.nested(fields.operation.range, end);
  writer.nested(field, end);
}
