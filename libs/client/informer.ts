import type { KubeObject, Resource } from '../api/meta.ts';
import { type Logger, silentLogger } from '../base/log.ts';
import { IndexedCache, type IndexFunction } from './informer-cache.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';

/** Called in the order of the events. An exception in one handler is logged and does not disturb the others. */
export interface InformerHandler<T> {
  added?(object: T): void;
  updated?(object: T, previous: T): void;
  deleted?(object: T): void;
}

type Change = keyof InformerHandler<KubeObject>;
const changes: readonly Change[] = ['added', 'updated', 'deleted'];

/** A live copy of one resource, kept by a reflector. Handlers see a list as the differences that it makes. */
export class Informer<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly #reflector: Reflector<T>;
  readonly #logger: Logger;
  readonly #cache = new IndexedCache<T>();
  /** By what they want to hear of: many share an informer, and hardly any hears of everything. */
  readonly #handlers: Readonly<Record<Change, Set<InformerHandler<T>>>> = {
    added: new Set(),
    updated: new Set(),
    deleted: new Set(),
  };

  constructor(options: ReflectorOptions<T>) {
    this.resource = options.resource;
    this.#logger = (options.logger ?? silentLogger).with({ informer: options.resource.plural });
    this.#reflector = new Reflector(options, {
      replace: (objects) => this.#replace(objects),
      put: (key, object) => this.#put(key, object),
      remove: (key, object) => this.#remove(key, object),
    });
  }

  get synced(): boolean {
    return this.#reflector.synced;
  }

  /** Everything up to this version has been delivered; '' before the first list. */
  get resourceVersion(): string {
    return this.#reflector.resourceVersion;
  }

  get(key: string): T | undefined {
    return this.#cache.get(key);
  }

  list(namespace?: string): T[] {
    return namespace === undefined ? this.#cache.list() : this.#cache.inNamespace(namespace);
  }

  /** How many objects `list` would answer with. */
  count(namespace?: string): number {
    return namespace === undefined ? this.#cache.size : this.#cache.countInNamespace(namespace);
  }

  byIndex(index: string, value: string): T[] {
    return this.#cache.byIndex(index, value);
  }

  /** Asking twice for the same name keeps the first. */
  addIndex(name: string, valuesOf: IndexFunction<T>): this {
    this.#cache.addIndex(name, valuesOf);
    return this;
  }

  /** The handler sees what is there already as added. Returns the way to remove it. */
  addHandler(handler: InformerHandler<T>): () => void {
    for (const what of changes) if (handler[what]) this.#handlers[what].add(handler);
    for (const object of this.#cache.list()) this.#call(handler, 'added', object, object);
    return () => {
      for (const what of changes) this.#handlers[what].delete(handler);
    };
  }

  start(): void {
    this.#reflector.start();
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }

  /** Resolves after the first complete list; rejects when the signal aborts or the informer stops before that. */
  waitSynced(signal: AbortSignal): Promise<void> {
    return this.#reflector.waitSynced(signal);
  }

  #replace(objects: ReadonlyMap<string, T>): void {
    for (const [key, object] of this.#cache.entries()) if (!objects.has(key)) this.#remove(key, object);
    for (const [key, object] of objects) this.#put(key, object);
  }

  #put(key: string, object: T): void {
    const previous = this.#cache.put(key, object);
    if (!previous) this.#tell('added', object, object);
    else if (previous.metadata?.resourceVersion === object.metadata?.resourceVersion) return;
    else if (previous.metadata?.uid === object.metadata?.uid) this.#tell('updated', object, previous);
    else {
      // Deleted and made again under the same name while the watch was down.
      this.#tell('deleted', previous, previous);
      this.#tell('added', object, object);
    }
  }

  #remove(key: string, object: T): void {
    if (this.#cache.remove(key)) this.#tell('deleted', object, object);
  }

  #tell(what: Change, object: T, previous: T): void {
    for (const handler of this.#handlers[what]) this.#call(handler, what, object, previous);
  }

  #call(handler: InformerHandler<T>, what: Change, object: T, previous: T): void {
    try {
      if (what === 'added') handler.added?.(object);
      else if (what === 'updated') handler.updated?.(object, previous);
      else handler.deleted?.(object);
    } catch (error) {
      this.#logger.error('a handler failed', { error });
    }
  }
}
