import { byName, type Json } from './json.ts';

/** What another server says of a group version that it answers for. */
export interface ForeignSchema {
  /** Such as `apis/metrics.k8s.io/v1beta1`. */
  readonly path: string;
  /** Where its v3 document is, as its own index says; absent when it has none. */
  readonly v3Address?: string;
  /** Its v2 document, which may describe more than this version; absent when it has none. */
  readonly v2?: Json;
}

const definitionPrefix = '#/definitions/';

/**
 * A v2 document with what others describe besides. Where both define a name this server's own definition stands: such
 * names belong to types of the API machinery, which all servers share.
 */
export function withForeign(own: Json, foreign: readonly ForeignSchema[]): Json {
  const documents = foreign.flatMap(({ path, v2 }) => (v2 ? [partOf(v2, `/${path}`)] : []));
  if (documents.length === 0) return own;
  const paths = Object.assign({}, ...documents.map((one) => one.paths), own.paths) as Json;
  const definitions = Object.assign({}, ...documents.map((one) => one.definitions), own.definitions) as Json;
  return { ...own, paths: byName(Object.entries(paths)), definitions: byName(Object.entries(definitions)) };
}

/** The paths of one group version and the definitions that they lead to. */
function partOf(document: Json, prefix: string): { paths: Json; definitions: Json } {
  const all = membersOf(document.definitions);
  const under = (path: string) => path === prefix || path.startsWith(`${prefix}/`);
  const paths = Object.fromEntries(Object.entries(membersOf(document.paths)).filter(([path]) => under(path)));
  const definitions: Json = {};
  const waiting: unknown[] = [paths];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    waiting.push(...Object.values(next));
    const { $ref: reference } = next as Json;
    if (typeof reference !== 'string' || !reference.startsWith(definitionPrefix)) continue;
    const name = reference.slice(definitionPrefix.length);
    if (name in definitions || !(name in all)) continue;
    definitions[name] = all[name];
    waiting.push(all[name]);
  }
  return { paths, definitions };
}

function membersOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
