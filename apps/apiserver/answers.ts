import type { ServerResponse } from 'node:http';
import { stringify } from 'yaml';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import { schema } from '../../libs/api/schema/schema.ts';
import { asStatusError, type Status } from '../../libs/base/status.ts';
import type { ListAnswer } from '../../libs/registry/requests.ts';

const json = 'application/json';
const text = 'text/plain; charset=utf-8';
const opening = Buffer.from('{');
const comma = Buffer.from(',{');
/** Bodies up to this size are copied behind their head. */
const joinedBytesMax = 16 * 1024;
const listEnd = Buffer.from(']}');

export interface SendOptions {
  readonly code?: number;
  readonly warnings?: readonly string[];
  readonly yaml?: boolean;
}

/** Sends complete JSON bytes. */
export function sendBytes(response: ServerResponse, body: Buffer, options: SendOptions = {}): void {
  if (options.yaml) {
    const yaml = Buffer.from(stringify(JSON.parse(body.toString())));
    send(response, yaml, 'application/yaml', options);
  } else send(response, body, json, options);
}

export function sendJson(response: ServerResponse, body: unknown, options: SendOptions = {}): void {
  sendBytes(response, Buffer.from(JSON.stringify(body)), options);
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
  response.writeHead(options.code ?? 200, headers);
  // As text of one byte a letter, head and body leave in one write and one TLS record.
  if (body.length <= joinedBytesMax) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
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
  sendJson(response, status, { code: failure.code, warnings });
  return status;
}

/** A list from the bytes of its items: nothing is serialised again. */
export function listBytes(definition: ResourceDefinition, answer: ListAnswer): Buffer {
  const metadata = {
    resourceVersion: String(answer.revision),
    continue: answer.continue,
    remainingItemCount: answer.remaining,
  };
  const kind = `${definition.kind}List`;
  const head = JSON.stringify({ kind, apiVersion: apiVersionOf(definition), metadata }).slice(0, -1);
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
