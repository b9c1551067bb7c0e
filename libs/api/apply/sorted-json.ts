import { isMembers } from './walk.ts';

/** JSON with members in the order of their names and nothing that HTML or JavaScript would read, as programs in Go write it. */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (!isMembers(value)) return escaped(value);
  const names = Object.keys(value).filter((name) => value[name] !== undefined);
  return `{${names
    .sort(byBytes)
    .map((name) => `${escaped(name)}:${sortedJson(value[name])}`)
    .join(',')}}`;
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function escaped(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (letter) => {
    return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
