import { StatusError } from '../base/status.ts';

/** What a client hears that asks for a revision from the future. */
export function tooLargeRevision(asked: number, current: number): StatusError {
  return new StatusError('Timeout', `Too large resource version: ${asked}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}

/** What a client hears whose place in the history is no longer kept. */
export function expiredRevision(asked: number, oldest: number): StatusError {
  return new StatusError('Expired', `too old resource version: ${asked} (${oldest})`);
}
