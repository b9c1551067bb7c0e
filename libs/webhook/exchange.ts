import type { ClientRequest } from 'node:http';
import type { Clock } from '../base/clock.ts';

export interface ExchangeOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** The largest answer that is read. */
  readonly answerBytesMax: number;
  readonly body?: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The other side answered, but not as it should. */
export class AnswerError extends Error {}

/**
 * A connection that had been kept, and that the other side had closed meanwhile: to ask once more is no second try. One
 * that breaks within the answer is not: the other side has heard.
 */
export class StaleConnectionError extends Error {}

/**
 * Sends a request and reads the whole answer. Rejects with AnswerError, with StaleConnectionError, with `context deadline
 * exceeded` when it takes too long (Go's words, which people search for), or with the error of the connection.
 */
export function exchange(request: ClientRequest, options: ExchangeOptions): Promise<Answer> {
  const { clock, timeoutMs, answerBytesMax, body } = options;
  return new Promise((resolve, reject) => {
    let answering = false;
    const fail = (error: Error & { code?: string }) => {
      timer.cancel();
      const stale = request.reusedSocket && !answering && error.code === 'ECONNRESET';
      reject(stale ? new StaleConnectionError(error.message, { cause: error }) : error);
      request.destroy();
    };
    const timer = clock.setTimer(Math.max(0, timeoutMs), () => fail(new Error('context deadline exceeded')));
    request.on('error', fail);
    request.once('response', (response) => {
      answering = true;
      readText(response, answerBytesMax).then((text) => {
        timer.cancel();
        resolve({ status: response.statusCode ?? 0, text });
      }, fail);
    });
    request.end(body);
  });
}

async function readText(stream: AsyncIterable<Buffer>, bytesMax: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > bytesMax) throw new AnswerError(`the answer is larger than ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** JSON, or undefined when the text is none. */
export function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
