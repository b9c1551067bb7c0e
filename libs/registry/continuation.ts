import { StatusError } from '../base/status.ts';
import { badRequest } from './errors.ts';

/** Where a list goes on: after `after`, in the state of `revision`, or in the newest one when that is 0. */
export interface Continuation {
  readonly revision: number;
  readonly after: string;
}

export function encodeContinuation({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: 'berth/v1', rv: revision, after })).toString('base64url');
}

/** @throws StatusError BadRequest. */
export function decodeContinuation(token: string): Continuation {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (isToken(parsed)) return { revision: parsed.rv, after: parsed.after };
  } catch {
    // falls through: what is not JSON is no token of ours
  }
  throw badRequest('continue key is not valid');
}

function isToken(value: unknown): value is { rv: number; after: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { v, rv, after } = value as Record<string, unknown>;
  return v === 'berth/v1' && Number.isSafeInteger(rv) && typeof after === 'string';
}

/** The state that a token names is no longer kept; the list may go on after `after` in the newest one. */
export function continuationExpired(after: string): StatusError {
  return new StatusError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. Start a new list without it, or ' +
      'go on with the continue token of this answer and get the rest as it is now.',
    { continue: encodeContinuation({ revision: 0, after }) },
  );
}
