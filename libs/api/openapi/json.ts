/** A piece of an OpenAPI document. */
export type Json = { [key: string]: unknown };

/** Which form a document takes: 2.0 ("swagger") or 3.0. */
export type OpenApiVersion = 2 | 3;

/** An object with these members, in the order of their names. */
export function byName(members: Iterable<readonly [name: string, value: unknown]>): Json {
  return Object.fromEntries([...members].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function reference(version: OpenApiVersion, definition: string): string {
  return version === 2 ? `#/definitions/${definition}` : `#/components/schemas/${definition}`;
}
