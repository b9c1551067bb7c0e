import type { KubeObject } from '../api/meta.ts';
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

/** Answers from the mirror's memory. */
export function mirrorReader(mirror: StoreMirror): ObjectReader {
  return {
    get: <T extends KubeObject>(group: string, plural: string, key: string) =>
      mirror.collection(group, plural).get(key)?.object as T | undefined,
    list<T extends KubeObject>(group: string, plural: string, namespace?: string) {
      const filter: Filter = { namespace };
      return Array.from(mirror.collection(group, plural).list(filter), ([, document]) => document.object as T);
    },
    version: (group, plural) => mirror.collection(group, plural).lastChange,
  };
}
