import type { KubeObject } from '../api/meta.ts';
import type { Collection } from './collection.ts';
import type { Filter } from './event.ts';
import type { StoreMirror } from './mirror.ts';

/** Reads objects as they stand now, without waiting; the server's own memory answers. */
export interface ObjectReader {
  /** `key` is `namespace/name` or `name`. */
  get<T extends KubeObject>(group: string, plural: string, key: string): T | undefined;
  list<T extends KubeObject>(group: string, plural: string, namespace?: string): T[];
  /** Grows whenever an object of the resource changes. */
  version(group: string, plural: string): number;
}

/** Answers from the mirror's memory. Collections stay the same, so their keys are written once. */
export function mirrorReader(mirror: StoreMirror): ObjectReader {
  const known = new Map<string, Map<string, Collection>>();
  const collection = (group: string, plural: string): Collection => {
    const found = known.get(group)?.get(plural);
    if (found) return found;
    const asked = mirror.collection(group, plural);
    if (!known.has(group)) known.set(group, new Map());
    known.get(group)!.set(plural, asked);
    return asked;
  };
  return {
    get: <T extends KubeObject>(group: string, plural: string, key: string) =>
      collection(group, plural).get(key)?.object as T | undefined,
    list<T extends KubeObject>(group: string, plural: string, namespace?: string) {
      const filter: Filter = { namespace };
      return Array.from(collection(group, plural).list(filter), ([, document]) => document.object as T);
    },
    version: (group, plural) => collection(group, plural).lastChange,
  };
}
