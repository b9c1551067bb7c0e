import type { KubeObject } from '../api/meta.ts';

/** The value or values under which an object stands in an index; none when it does not belong there. */
export type IndexFunction<T> = (object: T) => Values;

interface Index<T> {
  readonly valuesOf: IndexFunction<T>;
  readonly keysOf: Map<string, Set<string>>;
}

const byNamespace = 'namespace';

/**
 * Objects by key, and by any number of indexes. Indexes hold keys and not objects: most changes leave an object where it
 * stands, and then cost an index nothing but a look at its values.
 */
export class IndexedCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  get size(): number {
    return this.#objects.size;
  }

  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return;
    const index: Index<T> = { valuesOf, keysOf: new Map() };
    this.#indexes.set(name, index);
    for (const [key, object] of this.#objects) insert(index, key, valuesOf(object));
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  entries(): IterableIterator<[string, T]> {
    return this.#objects.entries();
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  byIndex(name: string, value: string): T[] {
    const found: T[] = [];
    for (const key of this.#keysOf(name, value) ?? []) found.push(this.#objects.get(key)!);
    return found;
  }

  inNamespace(namespace: string): T[] {
    this.#needNamespaces();
    return this.byIndex(byNamespace, namespace);
  }

  countInNamespace(namespace: string): number {
    this.#needNamespaces();
    return this.#keysOf(byNamespace, namespace)?.size ?? 0;
  }

  /** Returns what stood there before. */
  put(key: string, object: T): T | undefined {
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) {
      const values = index.valuesOf(object);
      if (previous) {
        const before = index.valuesOf(previous);
        if (isSame(before, values)) continue;
        withdraw(index, key, before);
      }
      insert(index, key, values);
    }
    return previous;
  }

  remove(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    for (const index of this.#indexes.values()) withdraw(index, key, index.valuesOf(previous));
    this.#objects.delete(key);
    return previous;
  }

  /** Most caches are never asked by namespace, so this index comes with the first question. */
  #needNamespaces(): void {
    if (!this.#indexes.has(byNamespace)) this.addIndex(byNamespace, ({ metadata }) => metadata?.namespace || undefined);
  }

  #keysOf(name: string, value: string): ReadonlySet<string> | undefined {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`no index ${name}`);
    return index.keysOf.get(value);
  }
}

type Values = readonly string[] | string | undefined;

function insert<T>(index: Index<T>, key: string, values: Values): void {
  if (values === undefined) return;
  if (typeof values !== 'string') {
    for (const value of values) insert(index, key, value);
    return;
  }
  const keys = index.keysOf.get(values);
  if (keys) keys.add(key);
  else index.keysOf.set(values, new Set([key]));
}

function withdraw<T>(index: Index<T>, key: string, values: Values): void {
  if (values === undefined) return;
  if (typeof values !== 'string') {
    for (const value of values) withdraw(index, key, value);
    return;
  }
  const keys = index.keysOf.get(values);
  if (keys?.delete(key) && keys.size === 0) index.keysOf.delete(values);
}

function isSame(one: Values, other: Values): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  return one.length === other.length && one.every((value, place) => value === other[place]);
}
