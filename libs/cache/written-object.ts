import type { KubeObject } from '../api/meta.ts';

/**
 * What parsing the stored value of an object would make of it, told from the object that was written: members that JSON
 * leaves out are left out, and what is shared with the written object is not copied. Undefined where JSON would not give
 * back the very same, such as for numbers that are none; what was written must not change from then on.
 * Without managedFields, as values are parsed; resourceVersion is the revision.
 */
export function parsedForm(written: KubeObject, revision: number): KubeObject | undefined {
  const { kind, apiVersion, metadata } = written;
  if (typeof kind !== 'string' || typeof apiVersion !== 'string' || typeof metadata?.name !== 'string')
    return undefined;
  const ownMetadata: Members = { resourceVersion: String(revision), name: metadata.name };
  const object: Members = { kind, apiVersion, metadata: ownMetadata };
  const isSame =
    addMembers(ownMetadata, metadata as unknown as Members, notParsed) &&
    addMembers(object, written as unknown as Members, headOfObject);
  return isSame ? (object as unknown as KubeObject) : undefined;
}

type Members = Record<string, unknown>;

const notParsed: ReadonlySet<string> = new Set(['resourceVersion', 'name', 'managedFields']);
const headOfObject: ReadonlySet<string> = new Set(['kind', 'apiVersion', 'metadata']);

/** False where one of the members is not what JSON would give back. */
function addMembers(to: Members, from: Members, except: ReadonlySet<string>): boolean {
  for (const name of Object.keys(from)) {
    if (except.has(name)) continue;
    const value = from[name];
    if (value === undefined) continue;
    if (name === '__proto__' || !survivesJson(value)) return false;
    to[name] = value;
  }
  return true;
}

/** Whether writing a value as JSON and parsing it gives an equal one. */
export function survivesJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || (Array.isArray(value) ? value.every(survivesJson) && isDense(value) : isPlain(value));
    default:
      return false;
  }
}

/** `every` passes holes by. */
function isDense(list: readonly unknown[]): boolean {
  for (let at = 0; at < list.length; at++) if (list[at] === undefined) return false;
  return Object.getPrototypeOf(list) === Array.prototype;
}

function isPlain(value: object): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const name in value) if (!survivesJson((value as Members)[name])) return false;
  return true;
}
