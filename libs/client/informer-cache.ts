import type { KubeObject } from '../api/meta.ts';

/** The value or values under which an object stands in an index; none when it does not belong there. */
export type IndexFunction<T> = (object: T) => Values;

interface Index<T> {
  readonly valuesOf: IndexFunction<T>;
  /** Keys by value; undefined until somebody asks. */
  keys: Map<string, Set<string>> | undefined;
}

type FilledIndex<T> = Index<T> & { keys: Map<string, Set<string>> };

const byNamespace = 'namespace';

/**
 * Objects by key, and by any number of indexes. An index is filled when it is first asked, for many are never: those of
 * owners where nothing owns anything. Indexes hold keys and not objects: most changes leave an object where it stands, and
 * then cost an index nothing but a look at its values.
 */
export class IndexedCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();
  readonly #filled: Array<FilledIndex<T>> = [];

  constructor() {
    this.addIndex(byNamespace, ({ metadata }) => metadata?.namespace || undefined);
  }

  get size(): number {
    return this.#objects.size;
  }

  addIndex(name: string, valuesOf: IndexFunction<T>): void {
    if (!this.#indexes.has(name)) this.#indexes.set(name, { valuesOf, keys: undefined });
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
    return this.byIndex(byNamespace, namespace);
  }

  countInNamespace(namespace: string): number {
    return this.#keysOf(byNamespace, namespace)?.size ?? 0;
  }

  /** Returns what stood there before. */
  put(key: string, object: T): T | undefined {
    const previous = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const index of this.#filled) {
      const values = index.valuesOf(object);
      if (previous) {
        const before = index.valuesOf(previous);
        if (isSame(before, values)) continue;
        withdraw(index.keys, key, before);
      }
      insert(index.keys, key, values);
    }
    return previous;
  }

  remove(key: string): T | undefined {
    const previous = this.#objects.get(key);
    if (!previous) return undefined;
    for (const { keys, valuesOf } of this.#filled) withdraw(keys, key, valuesOf(previous));
    this.#objects.delete(key);
    return previous;
  }

  #keysOf(name: string, value: string): ReadonlySet<string> | undefined {
    const index = this.#indexes.get(name);
    if (!index) throw new Error(`no index ${name}`);
    return (index.keys ?? this.#fill(index)).get(value);
  }

  #fill(index: Index<T>): Map<string, Set<string>> {
    const keys = new Map<string, Set<string>>();
    for (const [key, object] of this.#objects) insert(keys, key, index.valuesOf(object));
    this.#filled.push(Object.assign(index, { keys }));
    return keys;
  }
}

type Values = readonly string[] | string | undefined;

function insert(index: Map<string, Set<string>>, key: string, values: Values): void {
  if (values === undefined) return;
  if (typeof values !== 'string') {
    for (const value of values) insert(index, key, value);
    return;
  }
  const keys = index.get(values);
  if (keys) keys.add(key);
  else index.set(values, new Set([key]));
}

function withdraw(index: Map<string, Set<string>>, key: string, values: Values): void {
  if (values === undefined) return;
  if (typeof values !== 'string') {
    for (const value of values) withdraw(index, key, value);
    return;
  }
  const keys = index.get(values);
  if (keys?.delete(key) && keys.size === 0) index.delete(values);
}

function isSame(one: Values, other: Values): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  return one.length === other.length && one.every((value, place) => value === other[place]);
}
