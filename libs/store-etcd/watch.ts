import { backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { CompactedError, type WatchBatch, type WatchEvent } from '../store/store.ts';
import type { WatchAnswer } from './answers.ts';
import { changesOf } from './changes.ts';
import type { Connection } from './connection.ts';
import { storeError } from './errors.ts';
import { type KeySpace, root } from './keys.ts';
import { endOf, modRevisionOf, wholeModRevision } from './revisions.ts';
import { openStream } from './stream.ts';

const reconnectBackoff = { initialMs: 50, maxMs: 2000 };
/** A watch that cannot be connected again this many times in a row ends with StoreUnavailableError. */
const reconnectAttemptsMax = 30;

export interface WatchRequest {
  connection: Connection;
  keys: KeySpace;
  clock: Clock;
  prefix: string;
  afterRevision: number;
  signal: AbortSignal;
}

/**
 * Watches over one stream at a time and goes on, after a lost connection, behind the last change delivered. Each stream
 * shows all keys, since the place of a removal is told by the changes around it. It is opened at the last of etcd's
 * revisions that has been seen whole, and that one dropped: etcd then refuses it as compacted exactly when a removal
 * could have been forgotten.
 */
export async function* watchFrom(request: WatchRequest): AsyncGenerator<WatchBatch> {
  const { connection, keys, clock, prefix, signal } = request;
  let delivered = request.afterRevision;
  let failures = 0;
  while (!signal.aborted) {
    const member = connection.member();
    try {
      const startRevision = wholeModRevision(delivered);
      for await (const answer of openStream(member, { ...keys.range(root), startRevision, signal })) {
        failures = 0;
        const batch = batchOf(answer, keys, delivered);
        if (batch === undefined) continue;
        delivered = batch.revision;
        yield { events: batch.events.filter(({ key }) => key.startsWith(prefix)), revision: delivered };
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof CompactedError) throw new CompactedError(delivered, error.compactedRevision);
      connection.leave(member);
      if (++failures > reconnectAttemptsMax) throw storeError(error, 'watch');
      await sleep(clock, backoffMs(reconnectBackoff, failures), signal).catch(() => {});
    }
  }
}

/** What an answer adds to what has been delivered; undefined for nothing. etcd never splits one of its revisions. */
function batchOf(
  answer: WatchAnswer,
  keys: KeySpace,
  delivered: number,
): { events: WatchEvent[]; revision: number } | undefined {
  const events = changesOf(answer.changes, keys).filter(({ revision }) => revision > delivered);
  const last = events.at(-1);
  if (last !== undefined) return { events, revision: endOf(modRevisionOf(last.revision)) };
  // Only a progress notification says that nothing up to the store's revision is missing.
  const isProgress = !answer.isCreated && answer.changes.length === 0;
  const revision = endOf(answer.modRevision);
  return isProgress && revision > delivered ? { events: [], revision } : undefined;
}
