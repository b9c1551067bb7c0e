import { CompactedError, StoreUnavailableError } from '../store/store.ts';

/** gRPC status codes used here. Source: gRPC core, "Status codes and their use". */
const unavailable = 14;
const resourceExhausted = 8;

/** What etcd's client rejects with: gRPC's code where there is one, and the server's words. */
interface EtcdError {
  code?: number;
  message?: string;
}

export function isCompacted(error: unknown): boolean {
  return words(error).includes('required revision has been compacted');
}

/** Whether another member may be better off: the connection failed, or this member has no leader. */
export function isConnectionFailure(error: unknown): boolean {
  const { code } = error as EtcdError;
  return (
    code === unavailable || /UNAVAILABLE|no leader|Failed to connect|ECONNREFUSED|leader changed/i.test(words(error))
  );
}

/** Whether the answer was larger than the client accepts. */
export function isTooLarge(error: unknown): boolean {
  return (error as EtcdError).code === resourceExhausted || /larger than max/i.test(words(error));
}

/** Errors of the client and the server as the store's own. */
export function storeError(error: unknown, doing: string): Error {
  if (error instanceof StoreUnavailableError || error instanceof CompactedError) return error;
  const text = words(error);
  if (/database space exceeded|NOSPACE/i.test(text)) {
    return new StoreUnavailableError(
      `etcd has no space left (${doing}): compact it, defragment it or raise its quota`,
      {
        cause: error,
      },
    );
  }
  return new StoreUnavailableError(`etcd failed to ${doing}: ${text}`, { cause: error });
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
