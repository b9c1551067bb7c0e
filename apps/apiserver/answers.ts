import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { stringify } from 'yaml';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import { schema } from '../../libs/api/schema/schema.ts';
import { asStatusError, type Status } from '../../libs/base/status.ts';
import type { Document } from '../../libs/cache/document.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';
import { type ApiObject, encodeProtobuf } from '../../libs/wire/kubernetes/encode.ts';
import { listMetadata } from './list-metadata.ts';
import { type Encoding, protobufType, statusEncoding } from './negotiation.ts';
import { protobufOf } from './protobuf-answers.ts';

const gzipped = promisify(gzip);
const contentTypes: Readonly<Record<Encoding, string>> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: protobufType,
};
const text = 'text/plain; charset=utf-8';
const opening = Buffer.from('{');
const comma = Buffer.from(',{');
/** Bodies up to this size are copied behind their head. */
const joinedBytesMax = 16 * 1024;
/** Bodies beyond this size are compressed for clients that can read it; smaller ones are not worth the time. */
const plainBytesMax = 128 * 1024;
/** The quickest level: higher ones cost far more than they save on a network of a cluster. */
const gzipLevel = 1;
const listEnd = Buffer.from(']}');

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
export function sendProtobuf(response: ServerResponse, body: Buffer, options: SendOptions = {}): void {
  send(response, body, contentTypes.protobuf, options);
}

/** Sends one state of an object from the bytes that are kept of it. */
export function sendDocument(response: ServerResponse, document: Document, options: SendOptions = {}): void {
  if (options.encoding === 'protobuf') sendProtobuf(response, protobufOf(document), options);
  else sendBytes(response, document.bytes, options);
}

/** Sends an object that was made for this answer. */
export function sendObject(response: ServerResponse, body: object, options: SendOptions = {}): void {
  if (options.encoding === 'protobuf') sendProtobuf(response, encodeProtobuf(body as ApiObject), options);
  else sendBytes(response, Buffer.from(JSON.stringify(body)), options);
}

export function sendText(response: ServerResponse, body: string, code = 200, contentType = text): void {
  send(response, Buffer.from(body), contentType, { code });
}

function send(response: ServerResponse, body: Buffer, contentType: string, options: SendOptions): void {
  const headers: Record<string, string | number | string[]> = {
    'content-type': contentType,
    'content-length': body.length,
    'cache-control': 'no-cache, private',
  };
  if (options.warnings && options.warnings.length > 0) headers.warning = options.warnings.map(warningHeader);
  if (body.length > plainBytesMax && acceptsGzip(response)) {
    void sendCompressed(response, body, { headers, code: options.code ?? 200 });
    return;
  }
  response.writeHead(options.code ?? 200, headers);
  // As text of one byte a letter, head and body leave in one write and one TLS record.
  if (body.length <= joinedBytesMax) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

function acceptsGzip({ req }: ServerResponse): boolean {
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

/** A list from the bytes of its items: nothing is serialised again. */
export function listBytes(definition: ResourceDefinition, answer: ListAnswer): Buffer {
  const kind = `${definition.kind}List`;
  const identity = { kind, apiVersion: apiVersionOf(definition), metadata: listMetadata(answer) };
  const head = JSON.stringify(identity).slice(0, -1);
  const parts: Buffer[] = [Buffer.from(`${head},"items":[`)];
  let first = true;
  const builtIn = schema.has(definition.type);
  for (const document of answer.documents) {
    // Items of custom kinds say what they are.
    const item = builtIn ? document.itemBytes : document.bytes.subarray(1);
    parts.push(first ? opening : comma, item);
    first = false;
  }
  parts.push(listEnd);
  return Buffer.concat(parts);
}
