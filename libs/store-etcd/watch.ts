import type { IWatchResponse } from 'etcd3';
import { backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import { CompactedError, StoreUnavailableError, type WatchBatch } from '../store/store.ts';
import type { Connection } from './connection.ts';
import { storeError } from './errors.ts';
import type { KeySpace } from './keys.ts';

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
 * Watches over one stream at a time and goes on, after a lost connection, from the last revision delivered. Each stream
 * is opened one revision early and that revision dropped: etcd then refuses it as compacted exactly when a removal
 * could have been forgotten.
 */
export async function* watchFrom(request: WatchRequest): AsyncGenerator<WatchBatch> {
  const { connection, clock, signal } = request;
  let delivered = request.afterRevision;
  let failures = 0;
  while (!signal.aborted) {
    const member = connection.member();
    try {
      for await (const response of openStream(request, member, Math.max(1, delivered))) {
        failures = 0;
        const batch = batchOf(response, request.keys, delivered);
        if (batch === undefined) continue;
        delivered = batch.revision;
        yield batch;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof CompactedError) throw error;
      connection.leave(member);
      if (++failures > reconnectAttemptsMax) throw storeError(error, 'watch');
      await sleep(clock, backoffMs(reconnectBackoff, failures), signal).catch(() => {});
    }
  }
}

type Member = ReturnType<Connection['member']>;

async function* openStream(request: WatchRequest, member: Member, startRevision: number) {
  const { keys, prefix, signal } = request;
  const stream = (await member.watch.watch()) as unknown as NodeJS.ReadWriteStream & {
    cancel(): void;
    write(request: object): void;
  };
  const cancel = () => stream.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  // The iteration reports errors; one that comes after its end has nobody to tell.
  stream.on('error', () => {});
  stream.write({
    create_request: { ...keys.range(prefix), start_revision: startRevision, progress_notify: true },
  });
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
  if (compacted > 0) throw new CompactedError(startRevision, compacted);
  throw new StoreUnavailableError(`etcd cancelled the watch: ${response.cancel_reason}`);
}

/** What a response adds to what has been delivered; undefined for nothing. */
function batchOf(response: IWatchResponse, keys: KeySpace, delivered: number): WatchBatch | undefined {
  const events = response.events
    .map(({ type, kv }) => keys.event(kv, type === 'Delete' || (type as unknown) === 'DELETE'))
    .filter((event) => event.revision > delivered);
  const last = events.at(-1);
  if (last !== undefined) return { events, revision: last.revision };
  // Only a progress notification says that nothing up to the store's revision is missing.
  const isProgress = !response.created && response.events.length === 0;
  const revision = Number(response.header.revision);
  return isProgress && revision > delivered ? { events: [], revision } : undefined;
}
