import type { KubeObject } from '../../libs/api/meta.ts';
import type { RequestAttributes } from '../../libs/auth/attributes.ts';
import type { ObjectReader } from '../../libs/cache/object-reader.ts';

/** Objects by `group/plural`, under their keys. */
export class Shelf implements ObjectReader {
  private readonly shelves = new Map<string, Map<string, KubeObject>>();
  private changes = 0;

  put(path: string, object: KubeObject): this {
    const { namespace, name } = object.metadata ?? {};
    const shelf = this.shelves.get(path) ?? new Map();
    this.shelves.set(path, shelf.set(namespace ? `${namespace}/${name}` : name, object));
    this.changes += 1;
    return this;
  }

  remove(path: string, key: string): void {
    this.shelves.get(path)?.delete(key);
    this.changes += 1;
  }

  get<T extends KubeObject>(group: string, plural: string, key: string): T | undefined {
    return this.shelves.get(`${group}/${plural}`)?.get(key) as T | undefined;
  }

  list<T extends KubeObject>(group: string, plural: string): T[] {
    return [...(this.shelves.get(`${group}/${plural}`)?.values() ?? [])] as T[];
  }

  version(): number {
    return this.changes;
  }
}

/** A request as it is judged: `group/plural/subresource`, and where. */
export function wants(verb: string, path: string, at: { namespace?: string; name?: string } = {}): RequestAttributes {
  const [group = '', plural = '', subresource] = path.split('/');
  return { verb, path: '', resource: { group, version: 'v1', plural, subresource, ...at } };
}
