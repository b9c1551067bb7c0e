import type { KubeObject } from '../api/meta.ts';
import { type Status, StatusError } from '../base/status.ts';
import type { WatchBatch, WatchEvent } from './client.ts';
import { statusErrorOf } from './http-transport.ts';

type WireEvent<T> = WatchEvent<T> | { type: 'ERROR'; object: Partial<Status> };

/**
 * The events of a watch, one JSON object per line; those whose ends came in one chunk come together.
 * @throws StatusError for an ERROR event or a line that is no event.
 */
export async function* readWatch<T extends KubeObject>(stream: AsyncIterable<Buffer>): AsyncIterable<WatchBatch<T>> {
  for await (const lines of linesOf(stream)) {
    const batch: Array<WatchEvent<T>> = [];
    let failure: Error | undefined;
    for (const line of lines) {
      if (line === '') continue;
      const event = eventOf<T>(line);
      if (event instanceof Error) {
        failure = event;
        break;
      }
      batch.push(event);
    }
    if (batch.length > 0) yield batch;
    if (failure) throw failure;
  }
}

function eventOf<T>(line: string): WatchEvent<T> | Error {
  try {
    const event = JSON.parse(line) as WireEvent<T>;
    return event.type === 'ERROR' ? statusErrorOf(event.object) : event;
  } catch (cause) {
    return new StatusError('InternalError', 'the watch sent a line that is not JSON', { cause });
  }
}

/** The complete lines of each chunk; a last one without its end is what a broken connection leaves and is dropped. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncIterable<string[]> {
  let held: Buffer[] = [];
  for await (const chunk of stream) {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      held.push(chunk.subarray(from, end));
      lines.push(held.length === 1 ? held[0]!.toString('utf8') : Buffer.concat(held).toString('utf8'));
      held = [];
      from = end + 1;
    }
    yield lines;
    if (from < chunk.length) held.push(chunk.subarray(from));
  }
}
