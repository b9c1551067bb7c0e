/** How objects are addressed in the store: `/registry/<group or core>/<plural>/[<namespace>/]<name>`. */
export const registryPrefix = '/registry/';

export function collectionPrefix(group: string, plural: string): string {
  return `${registryPrefix}${group === '' ? 'core' : group}/${plural}/`;
}

/** The collection's prefix and the key within it (`namespace/name` or `name`); undefined for foreign keys. */
export function splitKey(key: string): { prefix: string; rest: string } | undefined {
  if (!key.startsWith(registryPrefix)) return undefined;
  const groupEnd = key.indexOf('/', registryPrefix.length);
  const pluralEnd = groupEnd < 0 ? -1 : key.indexOf('/', groupEnd + 1);
  if (pluralEnd < 0 || pluralEnd === key.length - 1) return undefined;
  return { prefix: key.slice(0, pluralEnd + 1), rest: key.slice(pluralEnd + 1) };
}

/** Where an object stands in its collection. */
export interface Place {
  /** '' for objects of the cluster. */
  readonly namespace: string;
  readonly name: string;
}

/** Of `namespace/name` or `name`. */
export function placeOf(key: string): Place {
  const slash = key.indexOf('/');
  return slash < 0 ? { namespace: '', name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
