import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { KeptDocument } from '../../libs/api/kept-document.ts';
import { acceptsGzip } from './answers.ts';

const gzipped = promisify(gzip);
/** Documents up to this size are sent as they are. */
const plainBytesMax = 1_400;
/** Each document is compressed once, for whoever asks first. */
const compressed = new WeakMap<Buffer, Promise<Buffer>>();

/** Sends a document, or only that the client has it already (RFC 9110, section 13.1.2). */
export async function sendKept(
  response: ServerResponse,
  { bytes, hash }: KeptDocument,
  { contentType, cacheControl }: { contentType: string; cacheControl: string },
): Promise<void> {
  const { req: request } = response;
  const headers = { etag: `"${hash}"`, vary: 'Accept', 'cache-control': cacheControl };
  if (hasAlready(request, headers.etag)) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  const compresses = bytes.length > plainBytesMax && acceptsGzip(response);
  const body = compresses ? await compressedOf(bytes) : bytes;
  const encoding = compresses ? { 'content-encoding': 'gzip', vary: 'Accept, Accept-Encoding' } : {};
  response.writeHead(200, { ...headers, 'content-type': contentType, 'content-length': body.length, ...encoding });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function hasAlready({ headers }: IncomingMessage, etag: string): boolean {
  const known = headers['if-none-match'];
  return known?.split(',').some((one) => one.trim().replace(/^W\//, '') === etag) ?? false;
}

function compressedOf(bytes: Buffer): Promise<Buffer> {
  let known = compressed.get(bytes);
  if (!known) {
    known = gzipped(bytes);
    compressed.set(bytes, known);
  }
  return known;
}
