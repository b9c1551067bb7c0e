import type { IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { type Status, StatusError, type StatusReason } from '../base/status.ts';

/** An answer whose body has not been read. */
export interface Answer {
  code: number;
  headers: IncomingMessage['headers'];
  stream: IncomingMessage;
}

/** Sends one request. Rejects with ServiceUnavailable when no answer comes, with Timeout when it takes too long. */
export function open(
  options: RequestOptions,
  body: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({ ...options, ...(signal ? { signal } : {}) }, (stream) => {
      resolve({ code: stream.statusCode ?? 0, headers: stream.headers, stream });
    });
    request.on('timeout', () => {
      request.destroy(new StatusError('Timeout', `no answer from ${options.host}:${options.port} in time`));
    });
    request.on('error', (cause) => {
      if (cause instanceof StatusError) return reject(cause);
      const message = `cannot reach ${options.host}:${options.port}: ${cause.message}`;
      reject(new StatusError('ServiceUnavailable', message, { cause }));
    });
    request.end(body);
  });
}

async function textOf({ stream }: Answer): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch (cause) {
    throw new StatusError('ServiceUnavailable', 'the answer was cut off', { cause });
  }
  return Buffer.concat(chunks).toString('utf8');
}

export async function bodyOf<R>(answer: Answer): Promise<R> {
  const text = await textOf(answer);
  try {
    return JSON.parse(text) as R;
  } catch (cause) {
    throw new StatusError('InternalError', 'the answer is not JSON', { cause });
  }
}

/** @throws StatusError when the answer is a refusal. */
export async function checkAnswer(answer: Answer): Promise<void> {
  if (answer.code < 400) return;
  const text = await textOf(answer);
  throw statusErrorOf(parsed(text) ?? { message: text.slice(0, 1024), code: answer.code });
}

function parsed(text: string): Partial<Status> | undefined {
  try {
    const value = JSON.parse(text);
    return value?.kind === 'Status' ? value : undefined;
  } catch {
    return undefined;
  }
}

const reasonsByCode: Record<number, StatusReason> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The error that a Status on the wire stands for. */
export function statusErrorOf(status: Partial<Status>): StatusError {
  const reason = status.reason || reasonsByCode[status.code ?? 0] || 'InternalError';
  return new StatusError(reason, status.message ?? `the server answered ${status.code}`, {
    ...(status.details ? { details: status.details } : {}),
    ...(status.code ? { code: status.code } : {}),
  });
}
