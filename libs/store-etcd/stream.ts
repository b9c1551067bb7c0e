import type { IWatchResponse } from 'etcd3';
import { CompactedError, StoreUnavailableError } from '../store/store.ts';
import type { Member } from './connection.ts';
import type { KeyRange } from './keys.ts';
import { endOf } from './revisions.ts';

export interface StreamRequest extends KeyRange {
  /** The first of etcd's revisions that is told. */
  startRevision: number;
  signal: AbortSignal;
}

/** One watch of etcd's, until it breaks or the signal aborts. @throws CompactedError, StoreUnavailableError. */
export async function* openStream(member: Member, request: StreamRequest): AsyncGenerator<IWatchResponse> {
  const { key, range_end, startRevision, signal } = request;
  const stream = (await member.watch.watch()) as unknown as NodeJS.ReadWriteStream & {
    cancel(): void;
    write(request: object): void;
  };
  // The iteration reports errors; one that comes without it, as of every stream that is cancelled, has nobody to tell.
  stream.on('error', () => {});
  const cancel = () => stream.cancel();
  if (signal.aborted) return cancel();
  signal.addEventListener('abort', cancel, { once: true });
  stream.write({ create_request: { key, range_end, start_revision: startRevision, progress_notify: true } });
  try {
    for await (const message of stream) {
      const response = message as unknown as IWatchResponse;
      assertLive(response, startRevision);
      yield response;
    }
    throw new StoreUnavailableError('etcd closed the watch');
  } finally {
    signal.removeEventListener('abort', cancel);
    stream.cancel();
  }
}

function assertLive(response: IWatchResponse, startRevision: number): void {
  if (!response.canceled) return;
  const compacted = Number(response.compact_revision);
  if (compacted > 0) throw new CompactedError(endOf(startRevision), endOf(compacted));
  throw new StoreUnavailableError(`etcd cancelled the watch: ${response.cancel_reason}`);
}
