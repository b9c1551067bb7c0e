import { loopbackUser } from '../../../libs/auth/user.ts';
import type { Clock } from '../../../libs/base/clock.ts';
import type { AggregatedApi } from './aggregated-apis.ts';
import type { AggregationProxy } from './proxy.ts';

const checkTimeoutMs = 5_000;
const answerBytesMax = 4 * 1024 * 1024;

/** Asks aggregated servers what this one wants to know of them, in its own name. */
export class ForeignServer {
  constructor(
    private readonly proxy: AggregationProxy,
    private readonly clock: Clock,
  ) {}

  /** The text at a path. Rejects with an Error that says why there is none. */
  read(api: AggregatedApi, path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = {
        accept: 'application/json',
        'x-remote-user': loopbackUser.name,
        'x-remote-group': [...loopbackUser.groups],
      };
      const request = this.proxy.open(api, { method: 'GET', path, headers });
      const fail = (error: Error) => {
        timer.cancel();
        request.destroy();
        reject(error);
      };
      const timer = this.clock.setTimer(checkTimeoutMs, () => fail(new Error('context deadline exceeded')));
      request.once('error', fail);
      request.once('response', (answer) => {
        const code = answer.statusCode ?? 0;
        readAll(answer).then((text) => {
          timer.cancel();
          if (code < 200 || code > 299) return fail(new Error(`bad status from ${api.name}: ${code}`));
          resolve(text);
        }, fail);
      });
      request.end();
    });
  }
}

/** JSON, or undefined when it is none. */
export function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > answerBytesMax) throw new Error('the answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
