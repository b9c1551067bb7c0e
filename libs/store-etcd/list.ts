import { CompactedError, type Entry, type ListOptions, type ListPage } from '../store/store.ts';
import type { Connection } from './connection.ts';
import { isCompacted, isTooLarge, storeError } from './errors.ts';
import type { KeySpace } from './keys.ts';
import { endOf, modRevisionOf } from './revisions.ts';

/** What one call to etcd should carry at most, by the sizes of the entries seen so far. */
const callBytesMax = 8 * 2 ** 20;
const callEntriesMax = 5000;
const firstCallEntriesMax = 500;

export interface ListRequest {
  connection: Connection;
  keys: KeySpace;
  prefix: string;
  options: ListOptions;
  compactedRevision(): Promise<number>;
}

/**
 * One page of the store, read from etcd in calls of bounded size, all at the revision of the first. A revision amid one
 * of etcd's shows all of that one (see amid.ts).
 */
export async function listPage(request: ListRequest): Promise<ListPage> {
  const { keys, prefix, options } = request;
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const entries: Entry[] = [];
  // 0 asks etcd for the newest, and nothing was there before its first.
  let revision = options.revision === undefined ? 0 : Math.max(1, modRevisionOf(options.revision));
  let after = options.after;
  let bytes = 0;
  let callEntries = firstCallEntriesMax;
  for (;;) {
    const asked = Math.max(1, Math.min(callEntries, limit - entries.length));
    const answer = await call(request, { ...keys.range(prefix, after), limit: asked, revision });
    if (answer === 'too large') {
      callEntries = Math.max(1, asked >> 2);
      continue;
    }
    revision ||= answer.modRevision;
    for (const stored of answer.found) {
      entries.push(keys.entry(stored));
      bytes += stored.value.length + stored.key.length;
    }
    const remaining = answer.count - answer.found.length;
    if (!answer.more || entries.length >= limit) {
      return { entries, revision: options.revision ?? endOf(revision), more: answer.more, remaining };
    }
    after = entries.at(-1)!.key;
    callEntries = Math.min(callEntriesMax, Math.ceil(callBytesMax / (bytes / entries.length)));
  }
}

interface RangeCall {
  key: Buffer;
  range_end: Buffer;
  limit: number;
  revision: number;
}

async function call({ connection, options, compactedRevision }: ListRequest, range: RangeCall) {
  try {
    return await connection.read('list', (member) => member.range(range));
  } catch (error) {
    if (isCompacted(error)) throw new CompactedError(options.revision ?? 0, await compactedRevision());
    if (isTooLarge(error) && range.limit > 1) return 'too large';
    throw storeError(error, 'list');
  }
}
