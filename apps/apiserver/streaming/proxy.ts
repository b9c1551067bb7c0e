import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { StatusError } from '../../../libs/base/status.ts';
import { drained } from '../drained.ts';
import type { ExtensionRequest } from '../extension.ts';
import { joinSockets } from '../joined-sockets.ts';
import { pageBytesMax, rewritePage, throughProxy } from './rewrite.ts';

const badGateway = 502;

/** Headers that speak of one connection, or of the caller's own credentials. */
const notForwarded = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'authorization',
]);

/** The path and query behind the proxy. */
export function backendPath(request: ExtensionRequest): string {
  return `/${request.rest}${request.query.size > 0 ? `?${request.query}` : ''}`;
}

/** Passes a request on over `connection` and its answer back. @throws StatusError when the backend does not answer. */
export function forwardRequest(
  request: ExtensionRequest,
  response: ServerResponse,
  { connection, host }: { connection: Duplex; host: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onward = httpRequest({
      createConnection: () => connection,
      method: request.method,
      path: backendPath(request),
      headers: { ...forwardedHeaders(request.raw), host, 'content-length': request.body.length },
    });
    const fail = (error: Error) => {
      connection.destroy();
      reject(
        new StatusError('ServiceUnavailable', `error trying to reach service: ${error.message}`, { cause: error }),
      );
    };
    onward.once('error', fail);
    onward.once('response', (answer) => {
      answer.once('error', fail);
      response.once('close', () => {
        connection.destroy();
        resolve();
      });
      passAnswer(answer, response, request).catch(fail);
    });
    onward.end(request.body);
  });
}

/** Passes an answer back; where it speaks of the backend's own paths, these are made to lead through the proxy. */
async function passAnswer(answer: IncomingMessage, response: ServerResponse, request: ExtensionRequest): Promise<void> {
  const prefix = request.path.slice(0, request.path.length - request.rest.length).replace(/\/$/, '');
  const headers = endToEnd(answer.headers);
  if (answer.headers.location) headers.location = throughProxy(answer.headers.location, prefix);
  const status = answer.statusCode ?? badGateway;
  const isPage = /^text\/html\b/.test(answer.headers['content-type'] ?? '') && !answer.headers['content-encoding'];
  if (!isPage || Number(answer.headers['content-length'] ?? 0) > pageBytesMax || request.method === 'HEAD') {
    response.writeHead(status, headers);
    answer.pipe(response);
    return;
  }
  const { bytes, rest } = await readUpTo(answer, pageBytesMax);
  if (rest) {
    response.writeHead(status, headers);
    response.write(bytes);
    for await (const part of rest) if (!response.write(part)) await drained(response);
    response.end();
    return;
  }
  const page = Buffer.from(rewritePage(bytes.toString(), prefix));
  response.writeHead(status, { ...headers, 'content-length': page.length });
  response.end(page);
}

/** The whole of a stream when it is not longer than `bytesMax`; else its beginning and the rest of it. */
async function readUpTo(stream: IncomingMessage, bytesMax: number) {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const parts: Buffer[] = [];
  let size = 0;
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
    parts.push(next.value);
    size += next.value.length;
    if (size > bytesMax) return { bytes: Buffer.concat(parts), rest: { [Symbol.asyncIterator]: () => iterator } };
  }
  return { bytes: Buffer.concat(parts), rest: undefined };
}

/** Joins a connection that is to be upgraded with the backend, byte for byte. */
export function forwardUpgrade(
  request: ExtensionRequest,
  client: { socket: Duplex; head: Buffer },
  { connection, host }: { connection: Duplex; host: string },
): Promise<void> {
  const { raw } = request;
  const headers = { ...forwardedHeaders(raw), host, connection: 'Upgrade', upgrade: raw.headers.upgrade };
  const lines = Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((v) => `${name}: ${v}`));
  connection.write(`${request.method} ${backendPath(request)} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
  connection.write(client.head);
  return joinSockets(connection, client.socket);
}

/** TLS over a forwarded connection. Pods' certificates are their own affair, as for kube-apiserver's proxy. */
export function secured(connection: Duplex): Duplex {
  return tlsConnect({ socket: connection, rejectUnauthorized: false });
}

function forwardedHeaders(raw: IncomingMessage): OutgoingHttpHeaders {
  const address = raw.socket.remoteAddress ?? '';
  const earlier = raw.headers['x-forwarded-for'];
  return {
    ...endToEnd(raw.headers),
    'x-forwarded-for': earlier ? `${earlier}, ${address}` : address,
    'x-forwarded-uri': raw.url,
  };
}

/** Names that begin with a colon are the request line of HTTP/2. */
function endToEnd(headers: IncomingMessage['headers']): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !notForwarded.has(name) && name[0] !== ':'));
}
