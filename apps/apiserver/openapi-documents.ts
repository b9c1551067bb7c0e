import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeptDocument } from '../../libs/api/kept-document.ts';
import type { ForeignSchema } from '../../libs/api/openapi/foreign.ts';
import { OpenApi, openapiV2ProtobufType } from '../../libs/api/openapi/openapi.ts';
import { schema } from '../../libs/api/schema/schema.ts';
import type { Registry } from '../../libs/registry/registry.ts';
import { sendError, sendObject, sendText } from './answers.ts';
import { sendKept } from './kept-documents.ts';
import type { RequestInfo } from './request-info.ts';

/** A document whose address holds its hash never changes; clients may keep it for this long. */
const immutableSecondsMax = 31_536_000;

const v3Prefix = '/openapi/v3/';

/** Serves `/openapi/v2` and `/openapi/v3`; answers false for other paths. */
export function openapiDocuments(registry: Registry, foreign: () => readonly ForeignSchema[]) {
  const own = () =>
    registry.all().flatMap(({ definition }) => {
      return definition.customSchema || schema.has(definition.type) ? [definition] : [];
    });
  const openapi = new OpenApi(own, foreign);
  return ({ path, query }: RequestInfo, raw: IncomingMessage, response: ServerResponse): boolean => {
    if (path !== '/openapi/v2' && path !== '/openapi/v3' && !path.startsWith(v3Prefix)) return false;
    answer(openapi, { path, hash: query.get('hash') }, raw, response).catch((error) => sendError(response, error));
    return true;
  };
}

async function answer(
  openapi: OpenApi,
  { path, hash }: { path: string; hash: string | null },
  raw: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (path === '/openapi/v3') return sendObject(response, await openapi.index());
  if (path === '/openapi/v2') {
    const protobuf = raw.headers.accept?.includes('openapi.spec.v2') === true;
    const document = protobuf ? await openapi.v2Protobuf() : await openapi.v2();
    return send(response, document, { type: protobuf ? openapiV2ProtobufType : 'application/json' });
  }
  const groupVersion = path.slice(v3Prefix.length);
  const document = await openapi.groupVersion(groupVersion);
  if (!document) return sendText(response, '', 404);
  if (hash !== null && hash !== document.hash) {
    response.writeHead(301, { location: `${path}?hash=${document.hash}` });
    response.end();
    return;
  }
  return send(response, document, { type: 'application/json', immutable: hash !== null });
}

function send(
  response: ServerResponse,
  document: KeptDocument,
  { type, immutable = false }: { type: string; immutable?: boolean },
): Promise<void> {
  const cacheControl = immutable ? `public, max-age=${immutableSecondsMax}, immutable` : 'no-cache, private';
  return sendKept(response, document, { contentType: type, cacheControl });
}
