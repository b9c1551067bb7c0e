import { CompactedError, StoreUnavailableError } from '../store/store.ts';
import type { WatchAnswer } from './answers.ts';
import type { Member } from './connection.ts';
import type { KeyRange } from './keys.ts';
import { endOf } from './revisions.ts';

export interface StreamRequest extends KeyRange {
  /** The first of etcd's revisions that is told. */
  startRevision: number;
  signal: AbortSignal;
}

/** One watch of etcd's, until it breaks or the signal aborts. @throws CompactedError, StoreUnavailableError. */
export async function* openStream(member: Member, request: StreamRequest): AsyncGenerator<WatchAnswer> {
  const { key, range_end, startRevision, signal } = request;
  const stream = await member.watch();
  // The iteration reports errors; one that comes without it, as of every stream that is cancelled, has nobody to tell.
  stream.on('error', () => {});
  const cancel = () => stream.cancel();
  if (signal.aborted) return cancel();
  signal.addEventListener('abort', cancel, { once: true });
  stream.write({ create_request: { key, range_end, start_revision: startRevision, progress_notify: true } });
  try {
    for await (const message of stream) {
      const answer = message as WatchAnswer;
      assertLive(answer, startRevision);
      yield answer;
    }
    throw new StoreUnavailableError('etcd closed the watch');
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function assertLive({ isCancelled, compactRevision, cancelReason }: WatchAnswer, startRevision: number): void {
  if (!isCancelled) return;
  if (compactRevision > 0) throw new CompactedError(endOf(startRevision), endOf(compactRevision));
  throw new StoreUnavailableError(`etcd cancelled the watch: ${cancelReason}`);
}
