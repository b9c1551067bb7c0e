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

/** Where references of a v2 document lead: `#/definitions/NAME`, `#/parameters/NAME`. */
const placeOfReference = /^#\/(definitions|parameters)\/(.+)$/;

/**
 * A v2 document with what others describe besides. Where both define a name this server's own definition stands: such
 * names belong to types of the API machinery, which all servers share.
 */
export function withForeign(own: Json, foreign: readonly ForeignSchema[]): Json {
  const documents = foreign.flatMap(({ path, v2 }) => (v2 ? [partOf(v2, `/${path}`)] : []));
  if (documents.length === 0) return own;
  const whole = (place: keyof Part) => {
    const all = Object.assign({}, ...documents.map((one) => one[place]), own[place]) as Json;
    return byName(Object.entries(all));
  };
  return { ...own, paths: whole('paths'), definitions: whole('definitions'), parameters: whole('parameters') };
}

interface Part {
  readonly paths: Json;
  readonly definitions: Json;
  readonly parameters: Json;
}

/** The paths of one group version, and the definitions and parameters that they lead to. */
function partOf(document: Json, prefix: string): Part {
  const under = (path: string) => path === prefix || path.startsWith(`${prefix}/`);
  const paths = Object.fromEntries(Object.entries(membersOf(document.paths)).filter(([path]) => under(path)));
  const part: Part = { paths, definitions: {}, parameters: {} };
  const waiting: unknown[] = [paths];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== 'object' || next === null) continue;
    waiting.push(...Object.values(next));
    const { $ref: reference } = next as Json;
    const [, place, name = ''] = (typeof reference === 'string' && placeOfReference.exec(reference)) || [];
    if (place !== 'definitions' && place !== 'parameters') continue;
    const all = membersOf(document[place]);
    if (name in part[place] || !(name in all)) continue;
    part[place][name] = all[name];
    waiting.push(all[name]);
  }
  return part;
}

function membersOf(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}
