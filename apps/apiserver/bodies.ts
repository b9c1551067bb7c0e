import {
  type BodyFormat,
  conformObject,
  type DecodedObject,
  decodeObject,
  decodePlain,
  type ExpectedType,
} from '../../libs/api/decode/decode.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import { type StatusDetails, StatusError } from '../../libs/base/status.ts';
import { badRequest } from '../../libs/registry/errors.ts';
import type { PatchRequest } from '../../libs/registry/requests.ts';
import { decodeProtobuf } from '../../libs/wire/kubernetes/decode.ts';
import { hasProtobuf } from '../../libs/wire/kubernetes/encode.ts';
import { protobufType } from './negotiation.ts';

/** A body and what its sender says that it is. */
export interface RequestBody {
  readonly bytes: Buffer;
  readonly contentType: string | undefined;
}

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

function unsupported(contentType: string, served: readonly string[], details?: StatusDetails): StatusError {
  return new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${contentType}) - ` +
      `accepted media types include: ${served.join(', ')}`,
    { details },
  );
}

const bodyFormats: Readonly<Record<string, BodyFormat | 'protobuf'>> = {
  '': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
  [protobufType]: 'protobuf',
};

function formatOf({ bytes, contentType }: RequestBody): BodyFormat | 'protobuf' {
  const type = mediaType(contentType);
  const format = bodyFormats[type];
  if (!format) throw unsupported(type, Object.keys(bodyFormats).filter(Boolean));
  if (bytes.length === 0 && format !== 'yaml') throw badRequest('the request has no body');
  return format;
}

/** The object in a body, in the form that the API keeps. @throws StatusError BadRequest, UnsupportedMediaType. */
export function readObject(body: RequestBody, expected: ExpectedType): DecodedObject {
  const format = formatOf(body);
  if (format !== 'protobuf') return decodeObject(body.bytes, format, expected);
  const { group, version, kind } = expected.gvk;
  const apiVersion = apiVersionOf({ group, version });
  if (!hasProtobuf(apiVersion, kind)) throw unsupported(protobufType, ['application/json', 'application/yaml']);
  const plain = decodeProtobuf(body.bytes);
  if (plain.kind !== kind || plain.apiVersion !== apiVersion) {
    throw badRequest(`the body is a ${plain.kind} of ${plain.apiVersion}; a ${kind} is expected here`);
  }
  return conformObject(plain, expected);
}

/** A body whose kind the address does not tell, such as options and subresources. @throws StatusError. */
export function readPlain(body: RequestBody): Record<string, unknown> {
  const format = formatOf(body);
  const value = format === 'protobuf' ? decodeProtobuf(body.bytes) : (decodePlain(body.bytes, format).value ?? {});
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw badRequest('the body is no object');
}

/** A patch and its type. @throws StatusError BadRequest, UnsupportedMediaType. */
export function readPatch({ bytes, contentType }: RequestBody): Pick<PatchRequest, 'type' | 'body' | 'complaints'> {
  const name = mediaType(contentType);
  const type = patchTypes[name];
  if (!type) throw unsupported(name, Object.keys(patchTypes), {});
  const { value, complaints } = decodePlain(bytes, type === 'apply' ? 'yaml' : 'json');
  return { type, body: value, complaints };
}
