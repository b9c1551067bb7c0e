import { parse as parseYaml } from 'yaml';
import type { KubeObject } from '../../libs/api/meta.ts';
import { StatusError } from '../../libs/base/status.ts';
import { badRequest } from '../../libs/registry/errors.ts';
import type { DecodedObject, PatchRequest } from '../../libs/registry/requests.ts';

const patchTypes: Readonly<Record<string, PatchRequest['type']>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
  'application/apply-patch+json': 'apply',
};

function mediaType(contentType: string | undefined): string {
  const text = contentType ?? '';
  const end = text.indexOf(';');
  return (end < 0 ? text : text.slice(0, end)).trim().toLowerCase();
}

function unsupported(contentType: string, served: string): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${contentType}) - accepted media types include: ${served}`,
  );
}

/** The object in a request's body. @throws StatusError BadRequest, UnsupportedMediaType. */
export function decodeObject(body: Buffer, contentType: string | undefined): DecodedObject {
  const value = decodeValue(body, contentType);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest("couldn't get version/kind; the body is no object");
  }
  return { object: value as KubeObject, complaints: [] };
}

function decodeValue(body: Buffer, contentType: string | undefined): unknown {
  const type = mediaType(contentType);
  if (type !== '' && type !== 'application/json' && type !== 'application/yaml') {
    throw unsupported(type, 'application/json, application/yaml');
  }
  if (body.length === 0) throw badRequest('the request has no body');
  return type === 'application/yaml' ? readYaml(body) : readJson(body);
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw badRequest(`couldn't get version/kind; json parse error: ${(error as Error).message}`, error);
  }
}

function readYaml(body: Buffer): unknown {
  try {
    return parseYaml(body.toString(), { maxAliasCount: 100 });
  } catch (error) {
    throw badRequest(`yaml parse error: ${(error as Error).message}`, error);
  }
}

/** A patch and its type. @throws StatusError BadRequest, UnsupportedMediaType. */
export function decodePatch(
  body: Buffer,
  contentType: string | undefined,
): Pick<PatchRequest, 'type' | 'body' | 'complaints'> {
  const name = mediaType(contentType);
  const type = patchTypes[name];
  if (!type) throw unsupported(name, Object.keys(patchTypes).join(', '));
  if (type !== 'apply') return { type, body: readJson(body), complaints: [] };
  return { type, body: body[0] === 0x7b ? readJson(body) : readYaml(body), complaints: [] };
}
