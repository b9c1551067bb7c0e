import type { KubeObject } from '../api/meta.ts';

/** The values under which an object stands in an index; none when it does not belong there. */
export type IndexFunction<T> = (object: T) => readonly string[];

interface Index<T> {
  valuesOf: IndexFunction<T>;
  byValue: Map<string, Map<string, T>>;
}

/** Objects by key, and by any number of indexes. One by namespace is always there. */
export class IndexedCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  constructor() {
    this.addIndex('namespace', (object) => (object.metadata?.namespace ? [object.metadata.namespace] : []));
  }

  get size(): number {
    return this.#objects.size;
  }

  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { valuesOf, byValue: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) insert(index, key, object);
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  byIndex(name: string, value: string): T[] {
    return [...(this.#index(name).byValue.get(value)?.values() ?? [])];
  }

  countByIndex(name: string, value: string): number {
    return this.#index(name).byValue.get(value)?.size ?? 0;
  }

  #index(name: string): Index<T> {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`no index ${name}`);
    return index;
  }

  /** Returns what stood there before. */
  put(key: string, object: T): T | undefined {
    const previous = this.#objects.get(key);
    for (const index of this.#indexes.values()) {
      if (previous) withdraw(index, key, previous);
      insert(index, key, object);
    }
    this.#objects.set(key, object);
    return previous;
  }

  remove(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    for (const index of this.#indexes.values()) withdraw(index, key, previous);
    this.#objects.delete(key);
    return previous;
  }
}

function insert<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    const bucket = index.byValue.get(value);
    if (bucket) bucket.set(key, object);
    else index.byValue.set(value, new Map([[key, object]]));
  }
}

function withdraw<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.valuesOf(object)) {
    const bucket = index.byValue.get(value);
    if (bucket?.delete(key) && bucket.size === 0) index.byValue.delete(value);
  }
}
