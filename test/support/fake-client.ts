import {
  apiVersionOf,
  type KubeObject,
  nameOf,
  type ObjectName,
  objectKey,
  type Resource,
} from '../../libs/api/meta.ts';
import type { Clock } from '../../libs/base/clock.ts';
import { rfc3339 } from '../../libs/base/clock.ts';
import { type Random, randomSuffix, systemRandom } from '../../libs/base/random.ts';
import { StatusError } from '../../libs/base/status.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ListResult,
  Patch,
  WatchBatch,
  WatchOptions,
  WriteOptions,
} from '../../libs/client/client.ts';
import { applyPatch } from './fake-patch.ts';
import { matchesFields, matchesLabels } from './fake-selectors.ts';

interface Logged {
  revision: number;
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
}

interface Shelf {
  objects: Map<string, KubeObject>;
  log: Logged[];
  watchers: Set<() => void>;
}

export interface FakeClientOptions {
  clock: Clock;
  random?: Random;
  /** Events older than this many are forgotten, so that watches from before expire. */
  keptEvents?: number;
  /** Runs on each object before it is created; what a server would default or refuse. */
  admit?(resource: Resource, draft: KubeObject): void;
}

const graceKinds = new Set(['Pod']);

/**
 * An API server in memory for tests about time and faults: revisions, conflicts, watches, finalizers, graceful deletion
 * of pods, generation and status as halves of an object. It neither defaults nor validates.
 */
export class FakeClient implements Client {
  readonly #options: FakeClientOptions;
  readonly #random: Random;
  readonly #shelves = new Map<string, Shelf>();
  #revision = 1;
  /** Every request in order, such as `create pods default/web`. */
  readonly requests: string[] = [];

  constructor(options: FakeClientOptions) {
    this.#options = options;
    this.#random = options.random ?? systemRandom;
  }

  async get<T extends KubeObject>(resource: Resource<T>, at: ObjectName): Promise<T> {
    return this.#need(resource, at);
  }

  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions = {}): Promise<ListResult<T>> {
    const found = this.peek(resource).filter((object) => selected(object, options));
    const items = found.map((object) => asked(object, options));
    return { items, resourceVersion: String(this.#revision) };
  }

  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchBatch<T>> {
    const shelf = this.#shelf(resource);
    let after = Number(options.resourceVersion);
    while (!options.signal.aborted) {
      const oldest = shelf.log[0]?.revision ?? 0;
      const kept = this.#options.keptEvents;
      if (kept !== undefined && shelf.log.length >= kept && after < oldest - 1) {
        throw new StatusError('Expired', 'too old resource version');
      }
      const next = shelf.log.filter((event) => event.revision > after);
      for (const event of next) {
        after = event.revision;
        if (selected(event.object, options)) yield [{ type: event.type, object: asked(event.object as T, options) }];
        if (options.signal.aborted) return;
      }
      if (next.length === 0) await this.#nextEvent(shelf, options.signal);
    }
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    const metadata = { ...object.metadata };
    if (!metadata.name) metadata.name = `${metadata.generateName ?? ''}${randomSuffix(this.#random)}`;
    this.#say('create', resource, metadata as ObjectName, options);
    const shelf = this.#shelf(resource);
    const key = objectKey({ namespace: metadata.namespace, name: metadata.name });
    if (shelf.objects.has(key)) throw new StatusError('AlreadyExists', `${resource.plural} "${key}" already exists`);
    metadata.uid = this.#random.uuid();
    metadata.creationTimestamp = rfc3339(this.#options.clock.now());
    metadata.generation = 1;
    const draft = structuredClone({ ...object, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata });
    this.#options.admit?.(resource, draft);
    return this.#store(resource, 'ADDED', draft);
  }

  async createSubresource<R>(resource: Resource, at: ObjectName, _body: KubeObject, options: WriteOptions): Promise<R> {
    this.#say('create', resource, at, options);
    if (options.subresource === 'eviction') await this.delete(resource, at);
    return {} as R;
  }

  async update<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions = {}): Promise<T> {
    this.#say('update', resource, nameOf(object), options);
    const current = this.#need(resource, nameOf(object));
    const version = object.metadata?.resourceVersion;
    if (version && version !== current.metadata?.resourceVersion) {
      throw new StatusError('Conflict', `${objectKey(nameOf(object))} was changed meanwhile`);
    }
    return this.#replace(resource, current, object, options);
  }

  async patch<T extends KubeObject>(
    resource: Resource<T>,
    at: ObjectName,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    this.#say('patch', resource, at, options);
    const current = this.#need(resource, at);
    const next = applyPatch(current, patch);
    for (const field of ['uid', 'resourceVersion'] as const) {
      if (next.metadata?.[field] !== current.metadata?.[field]) throw new StatusError('Conflict', `${field} differs`);
    }
    return this.#replace(resource, current, next, options);
  }

  async delete(resource: Resource, at: ObjectName, options: DeleteOptions = {}): Promise<void> {
    this.#say('delete', resource, at, {});
    const current = this.#need(resource, at);
    const { uid, resourceVersion } = options.preconditions ?? {};
    if (uid && uid !== current.metadata?.uid) throw new StatusError('Conflict', 'the uid differs');
    if (resourceVersion && resourceVersion !== current.metadata?.resourceVersion) {
      throw new StatusError('Conflict', 'the resource version differs');
    }
    const finalizers = new Set(current.metadata?.finalizers ?? []);
    if (options.propagationPolicy === 'Foreground') finalizers.add('foregroundDeletion');
    if (options.propagationPolicy === 'Orphan') finalizers.add('orphan');
    const graceSeconds = graceKinds.has(resource.kind) ? graceOf(current, options) : 0;
    if (finalizers.size === 0 && graceSeconds === 0) return this.#drop(resource, current);
    const deletionTimestamp =
      current.metadata?.deletionTimestamp ?? rfc3339(this.#options.clock.now() + graceSeconds * 1000);
    const metadata = { ...current.metadata, finalizers: [...finalizers], deletionTimestamp };
    metadata.deletionGracePeriodSeconds = graceSeconds;
    this.#store(resource, 'MODIFIED', { ...current, metadata });
  }

  /** All objects of the resource now, without a request. */
  peek<T extends KubeObject>(resource: Resource<T>): T[] {
    return [...this.#shelf(resource).objects.values()] as T[];
  }

  get revision(): number {
    return this.#revision;
  }

  #replace<T extends KubeObject>(resource: Resource<T>, current: T, wanted: T, options: WriteOptions): T {
    const next = structuredClone(wanted) as T & { status?: unknown; spec?: unknown };
    const before = current as T & { status?: unknown; spec?: unknown };
    const kept = current.metadata ?? {};
    next.metadata = { ...next.metadata, uid: kept.uid, creationTimestamp: kept.creationTimestamp };
    if (kept.deletionTimestamp) next.metadata.deletionTimestamp = kept.deletionTimestamp;
    if (options.subresource === 'status') {
      const status = next.status;
      Object.assign(next, before, { metadata: kept, status });
    } else if (before.status !== undefined) next.status = before.status;
    const changed = JSON.stringify(next.spec) !== JSON.stringify(before.spec);
    next.metadata = { ...next.metadata, generation: (kept.generation ?? 1) + (changed ? 1 : 0) };
    if (kept.deletionTimestamp && !next.metadata.finalizers?.length && !kept.deletionGracePeriodSeconds) {
      this.#drop(resource, next);
      return next;
    }
    if (sameContent(current, next)) return current;
    return this.#store(resource, 'MODIFIED', next);
  }

  #store<T extends KubeObject>(resource: Resource<T>, type: 'ADDED' | 'MODIFIED', object: T): T {
    this.#revision += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
    const shelf = this.#shelf(resource);
    shelf.objects.set(objectKey(nameOf(stored)), stored);
    this.#announce(shelf, { revision: this.#revision, type, object: stored });
    return stored;
  }

  #drop(resource: Resource, object: KubeObject): void {
    this.#revision += 1;
    const shelf = this.#shelf(resource);
    shelf.objects.delete(objectKey(nameOf(object)));
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#revision) } };
    this.#announce(shelf, { revision: this.#revision, type: 'DELETED', object: last });
  }

  #announce(shelf: Shelf, event: Logged): void {
    shelf.log.push(event);
    if (this.#options.keptEvents !== undefined) shelf.log.splice(0, shelf.log.length - this.#options.keptEvents);
    for (const wake of shelf.watchers) wake();
  }

  #nextEvent(shelf: Shelf, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        shelf.watchers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      shelf.watchers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #need<T extends KubeObject>(resource: Resource<T>, at: ObjectName): T {
    const found = this.#shelf(resource).objects.get(objectKey(at));
    if (!found) throw new StatusError('NotFound', `${resource.plural} "${objectKey(at)}" not found`);
    return found as T;
  }

  #shelf(resource: Resource): Shelf {
    const id = `${resource.group}/${resource.plural}`;
    const shelf = this.#shelves.get(id) ?? { objects: new Map(), log: [], watchers: new Set() };
    this.#shelves.set(id, shelf);
    return shelf;
  }

  #say(verb: string, resource: Resource, at: ObjectName, options: WriteOptions): void {
    const what = options.subresource ? `${resource.plural}/${options.subresource}` : resource.plural;
    this.requests.push(`${verb} ${what} ${objectKey(at)}`);
  }
}

function asked<T extends KubeObject>(object: T, { metadataOnly }: ListOptions): T {
  return metadataOnly ? ({ metadata: object.metadata } as T) : object;
}

function selected(object: KubeObject, options: ListOptions): boolean {
  if (options.namespace && object.metadata?.namespace !== options.namespace) return false;
  return matchesLabels(object, options.labelSelector) && matchesFields(object, options.fieldSelector);
}

function graceOf(object: KubeObject, options: DeleteOptions): number {
  const pod = object as KubeObject & { spec?: { terminationGracePeriodSeconds?: number; nodeName?: string } };
  if (!pod.spec?.nodeName) return 0;
  return options.gracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30;
}

function sameContent(one: KubeObject, other: KubeObject): boolean {
  const bare = (object: KubeObject) =>
    JSON.stringify({ ...object, metadata: { ...object.metadata, resourceVersion: '', generation: 0 } });
  return bare(one) === bare(other);
}
