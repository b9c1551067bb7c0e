import { internedFields, textOfFields } from '../api/apply/interned-fields.ts';
import type { V1ManagedFieldsEntry } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';

const opening = '"managedFields":[';
/** Within texts each quote has a backslash before it, so this stands at the end of the record and nowhere in it. */
const closing = '],"name":"';
const fieldsLabel = '"fieldsV1":';
const quote = 34;
const backslash = 92;
const openBrace = 123;
const closeBrace = 125;

/**
 * Where `"managedFields":[…],` ends that begins at `from` in an object's bytes, where stored values have it (see
 * ownershipText); undefined when it is not there: the object has none, or an older version of the program wrote it.
 */
export function ownershipEnd(bytes: Buffer, from: number): number | undefined {
  if (bytes[from + 1] !== 109 || bytes.toString('latin1', from, from + opening.length) !== opening) return undefined;
  const end = bytes.indexOf(closing, from, 'latin1');
  return end < 0 ? undefined : end + 2;
}

/** `"managedFields":[…],` or nothing: the form in which metadata begins with it. */
export function ownershipText(entries: readonly V1ManagedFieldsEntry[] | undefined): string {
  if (entries === undefined || entries.length === 0) return '';
  if (entries.length > 1) return recordOf(entries);
  const [entry] = entries;
  if (!latest || !isSame(latest.entry, entry!)) latest = { entry: entry!, text: recordOf(entries) };
  return latest.text;
}

/** The latest record of a single entry: objects that are made alike within a second have the same. */
let latest: { readonly entry: V1ManagedFieldsEntry; readonly text: string } | undefined;

function isSame(one: V1ManagedFieldsEntry, other: V1ManagedFieldsEntry): boolean {
  return (
    one.fieldsV1 === other.fieldsV1 &&
    one.time === other.time &&
    one.manager === other.manager &&
    one.operation === other.operation &&
    one.apiVersion === other.apiVersion &&
    one.fieldsType === other.fieldsType &&
    one.subresource === other.subresource
  );
}

function recordOf(entries: readonly V1ManagedFieldsEntry[]): string {
  return `${opening}${entries.map(entryText).join(',')}],`;
}

function entryText({ fieldsV1, subresource, ...entry }: V1ManagedFieldsEntry): string {
  if (typeof fieldsV1 !== 'object' || fieldsV1 === null) return JSON.stringify({ ...entry, fieldsV1, subresource });
  const rest = subresource === undefined ? '' : `,"subresource":${JSON.stringify(subresource)}`;
  const head = JSON.stringify(entry).slice(0, -1);
  return `${head}${head === '{' ? '' : ','}${fieldsLabel}${textOfFields(fieldsV1)}${rest}}`;
}

/** The entries in a text that ownershipText has written. Their fieldsV1 is shared: nobody may change it. */
export function readOwnership(text: string): V1ManagedFieldsEntry[] {
  const fields: object[] = [];
  let small = '';
  let at = opening.length - 1;
  for (;;) {
    const label = text.indexOf(fieldsLabel, at);
    if (label < 0 || text.charCodeAt(label + fieldsLabel.length) !== openBrace) break;
    const start = label + fieldsLabel.length;
    const end = endOfObject(text, start);
    small += `${text.slice(at, start)}${fields.length}`;
    fields.push(internedFields(text.slice(start, end)));
    at = end;
  }
  small += text.slice(at, text.length - 1);
  const entries = JSON.parse(small) as V1ManagedFieldsEntry[];
  for (const entry of entries) if (typeof entry.fieldsV1 === 'number') entry.fieldsV1 = fields[entry.fieldsV1];
  return entries;
}

/** The place after the object that opens at `start`, or within which, at some depth, `start` lies between members. */
export function endOfObject(text: string, start: number, depthBefore = 0): number {
  let depth = depthBefore;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === openBrace) depth++;
    else if (code === closeBrace && --depth === 0) return at + 1;
    else if (code === quote) {
      for (at++; text.charCodeAt(at) !== quote; at++) if (text.charCodeAt(at) === backslash) at++;
    }
  }
  return text.length;
}

/** Whose bytes hold the record: it is read from there when somebody asks for it. */
export interface OwnershipSource {
  readonly managedFields: V1ManagedFieldsEntry[];
}

const source = Symbol('ownership');

interface Metadata {
  readonly [source]: OwnershipSource;
}

const lazily = {
  enumerable: true,
  configurable: true,
  get(this: Metadata): V1ManagedFieldsEntry[] {
    return this[source].managedFields;
  },
};

/** Gives an object that was parsed without its managedFields the way to them. */
export function attachOwnership(object: KubeObject, owner: OwnershipSource): void {
  Object.defineProperty(object.metadata, source, { value: owner });
  Object.defineProperty(object.metadata, 'managedFields', lazily);
}
