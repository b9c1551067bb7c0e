import { createHash } from 'node:crypto';
import { byName, type Json } from './json.ts';

/** Clients look for these where they are used, to learn what the server can do. */
const keptInPlace = new Set(['name', 'dryRun', 'fieldValidation']);
const machinery = '#/definitions/io.k8s.apimachinery';
const hashLength = 8;

/**
 * Says each parameter of a v2 document once, and refers to it where it is taken: most of the document would be the same
 * parameters otherwise. Bodies of a kind stay with their operation.
 */
export function shareParameters(paths: Json): { paths: Json; parameters: Json } {
  const shared = new Map<string, Json>();
  const names = new Map<string, string>();
  const shareOne = (parameter: Json): Json => {
    if (!isShared(parameter)) return parameter;
    const text = JSON.stringify(parameter);
    const name = names.get(text) ?? nameOf(parameter, text);
    names.set(text, name);
    shared.set(name, parameter);
    return { $ref: `#/parameters/${name}` };
  };
  const shareAll = (of: Json): Json =>
    of.parameters ? { ...of, parameters: (of.parameters as Json[]).map(shareOne) } : of;
  const items = Object.entries(paths).map(([path, item]) => {
    const members = Object.entries(shareAll(item as Json));
    const written = members.map(([key, value]) => [key, key === 'parameters' ? value : shareAll(value as Json)]);
    return [path, Object.fromEntries(written)];
  });
  return { paths: Object.fromEntries(items), parameters: byName(shared) };
}

function isShared({ in: place, name, schema }: Json): boolean {
  if (place === 'body') return String((schema as Json).$ref).startsWith(machinery);
  return !keptInPlace.has(String(name));
}

function nameOf({ name }: Json, text: string): string {
  return `${name}-${createHash('sha256').update(text).digest('base64url').slice(0, hashLength)}`;
}
