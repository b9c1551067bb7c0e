import { StatusError } from '../base/status.ts';
import { badRequest } from './errors.ts';

/** Where a list goes on: after `after`, in the state of `revision`, or in the newest one when that is 0. */
export interface Continuation {
  readonly revision: number;
  readonly after: string;
}

/** Tokens of another version count revisions in another way. */
const version = 'berth/v2';

export function encodeContinuation({ revision, after }: Continuation): string {
  return Buffer.from(JSON.stringify({ v: version, rv: revision, after })).toString('base64url');
}

/** @throws StatusError BadRequest; Expired for the token of a server of before. */
export function decodeContinuation(token: string): Continuation {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString());
  } catch {
    // falls through: what is not JSON is no token of ours
  }
  if (!isToken(parsed)) throw badRequest('continue key is not valid');
  if (parsed.v !== version) throw continuationExpired(parsed.after);
  return { revision: parsed.rv, after: parsed.after };
}

function isToken(value: unknown): value is { v: string; rv: number; after: string } {
  if (typeof value !== 'object' || value === null) return false;
  const { v, rv, after } = value as Record<string, unknown>;
  return (v === version || v === 'berth/v1') && Number.isSafeInteger(rv) && typeof after === 'string';
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
