import { readDuration } from '../../libs/cel/functions/times.ts';
import { badRequest } from '../../libs/registry/errors.ts';

/**
 * Refuses a `timeout` in the query that is no span of time as Go writes it. Spans are not waited for: what is answered
 * from memory is there before any of them ends, and calls to webhooks have limits of their own.
 * @throws StatusError BadRequest.
 */
export function checkTimeout(query: URLSearchParams): void {
  if (query.size === 0) return;
  const text = query.get('timeout');
  if (!text) return;
  try {
    readDuration(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw badRequest(`invalid timeout specified in the request URL - ${why}`, error);
  }
}
