import { StatusError } from '../../base/status.ts';
import type { KubeObject } from '../meta.ts';
import { apiVersionOf } from '../meta.ts';
import type { GroupVersionKind, TypeSchema } from '../schema/types.ts';
import { countMembers, duplicatesInJson, parseJson } from './json-text.ts';
import { DecodeError } from './problem.ts';
import { complaintsMax, readTyped } from './typed.ts';
import { parseYaml } from './yaml-text.ts';

export type BodyFormat = 'json' | 'yaml';

/** An object that a body held, and what a strict reader would refuse in it: `unknown field "spec.x"`, `duplicate …`. */
export interface DecodedObject<T extends KubeObject = KubeObject> {
  readonly object: T;
  readonly complaints: readonly string[];
}

/** A body as plain data, for patches. `complaints` are keys that stand twice. */
export interface PlainBody {
  readonly value: unknown;
  readonly complaints: readonly string[];
}

const none: readonly string[] = [];
const duplicate = (path: string) => `duplicate field "${path}"`;
const unknown = (path: string) => `unknown field "${path}"`;

function refuse(error: unknown, before = ''): never {
  if (error instanceof DecodeError) throw new StatusError('BadRequest', `${before}${error.message}`, { cause: error });
  throw error;
}

function textOf(body: Uint8Array): string {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.toString('utf8');
}

/** YAML that is JSON is read as such, which is many times faster and the same. */
function looksLikeJson(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

interface ParsedBody {
  readonly value: unknown;
  /** @param counted members found while the value was read; where all were counted, nothing stands twice */
  duplicates(counted?: number): readonly string[];
  /** Of YAML: keys that stand twice, with their lines. */
  readonly repeated?: readonly string[];
}

function parseBody(body: Uint8Array | string, format: BodyFormat): ParsedBody {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const text = typeof body === 'string' ? body : textOf(body);
  if (format === 'json' || looksLikeJson(text)) {
    try {
      const { value, members } = parseJson(text, bytes);
      return {
        value,
        duplicates: (counted) => ((counted ?? countMembers(value)) === members ? none : duplicatesInJson(text)),
      };
    } catch (error) {
      if (format === 'json') throw error;
    }
  }
  const { value, duplicates, repeated } = parseYaml(text);
  return { value, duplicates: () => duplicates, repeated };
}

/**
 * Reads a body as plain data. @throws StatusError BadRequest when it is not in its format.
 */
export function decodePlain(body: Uint8Array | string, format: BodyFormat): PlainBody {
  try {
    const parsed = parseBody(body, format);
    const complaints = parsed.repeated ?? parsed.duplicates().map(duplicate);
    return { value: parsed.value, complaints: complaints.slice(0, complaintsMax) };
  } catch (error) {
    refuse(error);
  }
}

export interface ExpectedType {
  readonly type: TypeSchema;
  /** What the address of the request asks for; a body that says nothing is taken for this. */
  readonly gvk: GroupVersionKind;
}

function checkIdentity(object: KubeObject, { gvk }: ExpectedType): void {
  const apiVersion = apiVersionOf(gvk);
  object.apiVersion ??= apiVersion;
  object.kind ??= gvk.kind;
  if (object.apiVersion === apiVersion && object.kind === gvk.kind) return;
  throw new StatusError(
    'BadRequest',
    `the body is a ${object.kind} of ${object.apiVersion}; a ${gvk.kind} of ${apiVersion} is expected here`,
  );
}

/** Text before the reason, as Kubernetes words it. */
const cannotBeRead = ({ gvk }: ExpectedType) =>
  `${gvk.kind} in version "${gvk.version}" cannot be handled as a ${gvk.kind}: `;

/**
 * Reads the body of a write into the form that the API keeps: types checked, unknown fields gone, empty values gone or
 * written as the schema says, quantities and times canonical. apiVersion and kind are filled in where they are missing.
 * @throws StatusError BadRequest that names the field and what is wrong with it.
 */
export function decodeObject<T extends KubeObject = KubeObject>(
  body: Uint8Array | string,
  format: BodyFormat,
  expected: ExpectedType,
): DecodedObject<T> {
  try {
    const parsed = parseBody(body, format);
    const { object, unknownFields, members } = readTyped(parsed.value, expected.type);
    checkIdentity(object, expected);
    const repeated = parsed.duplicates(members);
    if (unknownFields.length + repeated.length === 0) return { object: object as T, complaints: none };
    const complaints = [...unknownFields.map(unknown), ...repeated.map(duplicate)];
    return { object: object as T, complaints: complaints.slice(0, complaintsMax) };
  } catch (error) {
    refuse(error, cannotBeRead(expected));
  }
}

/**
 * Brings plain data (a patched object, a body decoded before) into the form that the API keeps. `value` is taken over.
 * @param settled an object in that form: what `value` shares with it is left as it is
 * @throws StatusError BadRequest
 */
export function conformObject<T extends KubeObject = KubeObject>(
  value: unknown,
  expected: ExpectedType,
  settled?: KubeObject,
): DecodedObject<T> {
  try {
    const { object, unknownFields } = readTyped(value, expected.type, settled);
    return { object: object as T, complaints: unknownFields.map(unknown) };
  } catch (error) {
    refuse(error, cannotBeRead(expected));
  }
}

/**
 * As conformObject, for the outcome of a patch.
 * @throws StatusError Invalid with the cause `patch`, as Kubernetes answers a patch that breaks the type of a field.
 */
export function conformPatched<T extends KubeObject = KubeObject>(
  value: unknown,
  expected: ExpectedType,
  settled?: KubeObject,
): DecodedObject<T> {
  try {
    return conformObject<T>(value, expected, settled);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'BadRequest') throw error;
    throw new StatusError('Invalid', `the patch makes the object unreadable: ${error.message}`, {
      cause: error,
      details: { causes: [{ reason: 'FieldValueInvalid', message: error.message, field: 'patch' }] },
    });
  }
}
