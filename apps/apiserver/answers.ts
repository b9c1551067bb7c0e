import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { stringify } from 'yaml';
import { asStatusError, type Status } from '../../libs/base/status.ts';
import type { Document } from '../../libs/cache/document.ts';
import { type ApiObject, encodeProtobuf } from '../../libs/wire/kubernetes/encode.ts';
import { type Encoding, protobufType, statusEncoding } from './negotiation.ts';
import { protobufOf } from './protobuf-answers.ts';

const gzipped = promisify(gzip);
export const contentTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: protobufType,
};
const text = 'text/plain; charset=utf-8';
/** Bodies up to this size are copied behind their head. */
const joinedBytesMax = 16 * 1024;
/** Bodies beyond this size are compressed for clients that can read it; smaller ones are not worth the time. */
export const plainBytesMax = 128 * 1024;
/** The quickest level: higher ones cost far more than they save on a network of a cluster. */
export const gzipLevel = 1;

export interface SendOptions {
  readonly code?: number;
  readonly warnings?: readonly string[];
  readonly encoding?: Encoding;
}

/** Sends complete JSON bytes, or what they say as YAML. */
export function sendBytes(response: ServerResponse, body: Buffer, options: SendOptions = {}): void {
  if (options.encoding === 'yaml') {
    const yaml = Buffer.from(stringify(JSON.parse(body.toString())));
    send(response, yaml, contentTypes.yaml, options);
  } else send(response, body, contentTypes.json, options);
}

/** Sends complete protobuf bytes. */
function sendProtobuf(response: ServerResponse, body: Buffer, options: SendOptions = {}): void {
  send(response, body, contentTypes.protobuf, options);
}

/** Sends one state of an object from the bytes that are kept of it. */
export function sendDocument(response: ServerResponse, document: Document, options: SendOptions = {}): void {
  if (options.encoding === 'protobuf') sendProtobuf(response, protobufOf(document), options);
  else if (options.encoding === 'yaml') sendBytes(response, document.bytes, options);
  else send(response, document.text, contentTypes.json, options);
}

/** Sends an object that was made for this answer. */
export function sendObject(response: ServerResponse, body: object, options: SendOptions = {}): void {
  if (options.encoding === 'protobuf') sendProtobuf(response, encodeProtobuf(body as ApiObject), options);
  else sendBytes(response, Buffer.from(JSON.stringify(body)), options);
}

export function sendText(response: ServerResponse, body: string, code = 200, contentType = text): void {
  send(response, Buffer.from(body), contentType, { code });
}

/** @param body a text has one letter for each byte: so head and body leave in one write and one TLS record. */
function send(response: ServerResponse, body: Buffer | string, contentType: string, options: SendOptions): void {
  const code = options.code ?? 200;
  const headers = headersOf(contentType, body.length, options);
  if (body.length > plainBytesMax && acceptsGzip(response)) {
    const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
    void sendCompressed(response, bytes, { headers, code });
    return;
  }
  response.writeHead(code, headers);
  if (typeof body === 'string') response.end(body, 'latin1');
  else if (body.length <= joinedBytesMax) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/** The head of an answer; without a length it is sent in chunks. */
export function headersOf(contentType: string, length: number | undefined, { warnings }: SendOptions): Head['headers'] {
  const headers: Head['headers'] = { 'content-type': contentType };
  if (length !== undefined) headers['content-length'] = length;
  headers['cache-control'] = 'no-cache, private';
  // Each once: who writes on another state than the one first tried is advised again.
  if (warnings && warnings.length > 0) headers.warning = fitting([...new Set(warnings)]).map(warningHeader);
  return headers;
}

export function acceptsGzip({ req }: ServerResponse): boolean {
  const accepted = req.headers['accept-encoding'];
  return typeof accepted === 'string' && accepted.split(',').some((coding) => coding.trim() === 'gzip');
}

interface Head {
  readonly headers: Record<string, string | number | string[]>;
  readonly code: number;
}

async function sendCompressed(response: ServerResponse, body: Buffer, { headers, code }: Head): Promise<void> {
  const compressed = await gzipped(body, { level: gzipLevel });
  if (response.destroyed) return;
  const encoded = { 'content-encoding': 'gzip', vary: 'Accept-Encoding', 'content-length': compressed.length };
  response.writeHead(code, { ...headers, ...encoded });
  response.end(compressed);
}

/** Warnings together, and each of them once they are too long together: clients refuse answers with longer heads. */
const warningsCharactersMax = 4096;
const warningCharactersMax = 256;

function fitting(warnings: readonly string[]): readonly string[] {
  const total = warnings.reduce((sum, one) => sum + one.length, 0);
  if (total <= warningsCharactersMax) return warnings;
  const cut = warnings.map((one) => one.slice(0, warningCharactersMax));
  return cut.slice(0, warningsCharactersMax / warningCharactersMax);
}

/** RFC 7234 warn-text: code 299, no agent, quoted text on one line. */
function warningHeader(warning: string): string {
  const safe = warning.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&');
  return `299 - "${safe}"`;
}

/** The one place where errors become HTTP. */
export function sendError(response: ServerResponse, error: unknown, warnings: readonly string[] = []): Status {
  const failure = asStatusError(error);
  const status = failure.toStatus();
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return status;
  }
  const retryAfter = failure.details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  sendObject(response, status, { code: failure.code, warnings, encoding: statusEncoding(response.req.headers.accept) });
  return status;
}
