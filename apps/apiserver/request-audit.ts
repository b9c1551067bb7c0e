import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { Auditor, AuditTrail } from '../../libs/audit/auditor.ts';
import type { UserInfo } from '../../libs/auth/user.ts';
import { readPatch, readPlain } from './bodies.ts';
import type { RequestInfo } from './request-info.ts';

/** Bodies of answers that are longer than this are not noted. */
const notedBytesMax = 1024 * 1024;
const switchingProtocols = 101;

/** What of a request the audit log needs to see, besides who asks for what. */
export interface AuditedExchange {
  readonly response: ServerResponse;
  readonly body: Buffer;
  /** Whether the answer goes on until somebody ends it. */
  readonly long: boolean;
}

/** Follows requests over HTTP for the audit log. */
export class RequestAudit {
  constructor(private readonly auditor: Auditor) {}

  begin(raw: IncomingMessage, info: RequestInfo, user: UserInfo | undefined): AuditTrail | undefined {
    return this.auditor.begin({
      attributes: info,
      user,
      uri: raw.url ?? '',
      sourceIps: addressesOf(raw),
      userAgent: raw.headers['user-agent'],
    });
  }

  /** Notes the end of the answer, and its beginning where there is time between the two. */
  follow(trail: AuditTrail, raw: IncomingMessage, exchange: AuditedExchange): void {
    const { response, body, long } = exchange;
    response.setHeader('audit-id', trail.id);
    const answer = trail.wants('RequestResponse') && !long ? captured(response) : undefined;
    if (long) onHead(response, () => trail.stage('ResponseStarted', { code: response.statusCode }));
    response.once('close', () => {
      const requestObject = trail.wants('Request') ? requestObjectOf(raw, body) : undefined;
      const responseObject = answer && responseObjectOf(response, answer());
      trail.stage('ResponseComplete', { code: response.statusCode, requestObject, responseObject });
    });
  }

  followSocket(trail: AuditTrail, socket: Duplex): void {
    trail.stage('ResponseStarted', { code: switchingProtocols });
    socket.once('close', () => trail.stage('ResponseComplete', { code: switchingProtocols }));
  }
}

function addressesOf({ headers, socket }: IncomingMessage): string[] {
  const forwarded = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  const addresses = [...forwarded.map((one) => one.trim()), socket.remoteAddress ?? ''];
  return [...new Set(addresses.filter(Boolean))];
}

function onHead(response: ServerResponse, run: () => void): void {
  const { writeHead } = response;
  response.writeHead = ((...args: Parameters<typeof writeHead>) => {
    response.writeHead = writeHead;
    const answer = writeHead.apply(response, args);
    run();
    return answer;
  }) as typeof writeHead;
}

/** Keeps what is written to the response; undefined when it was too much. */
function captured(response: ServerResponse): () => Buffer | undefined {
  const parts: Buffer[] = [];
  let size = 0;
  const keep = (chunk: unknown, encoding: unknown) => {
    if (typeof chunk !== 'string' && !(chunk instanceof Uint8Array)) return;
    const known = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, known) : Buffer.from(chunk);
    size += bytes.length;
    if (size <= notedBytesMax) parts.push(bytes);
  };
  const { write, end } = response;
  // Over HTTP/2 the end is a write, too.
  let ending = false;
  response.write = ((...args: Parameters<typeof write>) => {
    if (!ending) keep(args[0], args[1]);
    return write.apply(response, args);
  }) as typeof write;
  response.end = ((...args: Parameters<typeof end>) => {
    ending = true;
    keep(args[0], args[1]);
    return end.apply(response, args);
  }) as typeof end;
  return () => (size > notedBytesMax ? undefined : Buffer.concat(parts));
}

function requestObjectOf(raw: IncomingMessage, bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  const body = { bytes, contentType: raw.headers['content-type'] };
  return readable(() => (raw.method === 'PATCH' ? readPatch(body).body : readPlain(body)));
}

function responseObjectOf(response: ServerResponse, bytes: Buffer | undefined): unknown {
  if (!bytes?.length) return undefined;
  const contentType = String(response.getHeader('content-type') ?? '');
  const gzip = response.getHeader('content-encoding') === 'gzip';
  return readable(() => readPlain({ bytes: gzip ? gunzipSync(bytes) : bytes, contentType }));
}

/** What cannot be read is not noted: its sender has been told. */
function readable(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
