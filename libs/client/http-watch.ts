import type { KubeObject } from '../api/meta.ts';
import { type Status, StatusError } from '../base/status.ts';
import type { WatchEvent } from './client.ts';
import { statusErrorOf } from './http-transport.ts';

type WireEvent<T> = WatchEvent<T> | { type: 'ERROR'; object: Partial<Status> };

/** The events of a watch, one JSON object per line. @throws StatusError for an ERROR event or a line that is no event. */
export async function* readWatch<T extends KubeObject>(stream: AsyncIterable<Buffer>): AsyncIterable<WatchEvent<T>> {
  for await (const line of linesOf(stream)) {
    if (line === '') continue;
    const event = eventOf<T>(line);
    if (event.type === 'ERROR') throw statusErrorOf(event.object);
    yield event;
  }
}

function eventOf<T>(line: string): WireEvent<T> {
  try {
    return JSON.parse(line) as WireEvent<T>;
  } catch (cause) {
    throw new StatusError('InternalError', 'the watch sent a line that is not JSON', { cause });
  }
}

/** Complete lines; a last one without its end is what a broken connection leaves and is dropped. */
async function* linesOf(stream: AsyncIterable<Buffer>): AsyncIterable<string> {
  let held: Buffer[] = [];
  for await (const chunk of stream) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      held.push(chunk.subarray(from, end));
      yield Buffer.concat(held).toString('utf8');
      held = [];
      from = end + 1;
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
  }
}
