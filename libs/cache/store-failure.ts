import { StatusError } from '../base/status.ts';
import { StoreUnavailableError } from '../store/store.ts';

/** After how long a caller may ask a store again that could not be reached, was full or had failed. */
const retryAfterSeconds = 1;

/** A failure of the store as callers of the API may see it; every other error stays what it is. */
export function shownFailure(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  const message = `the store is unavailable: ${error.message}`;
  return new StatusError('ServiceUnavailable', message, { cause: error, details: { retryAfterSeconds } });
}
