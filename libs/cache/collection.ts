import { Bucket } from './bucket.ts';
import type { Document } from './document.ts';
import { CacheEvent, changeSeen, type Filter } from './event.ts';
import { type Place, placeOf } from './keys.ts';
import { EventRing } from './ring.ts';
import { Watchers, type WatchSink } from './watchers.ts';

export type { WatchSink };

/** How many events of a collection are kept for watchers that come back. */
export const eventsKeptMax = 4_096;

export interface Subscription {
  cancel(): void;
}

/** All objects of one resource in memory, and what happened to them lately. */
export class Collection {
  private readonly buckets = new Map<string, Bucket>();
  private readonly watchers = new Watchers();
  private ring: EventRing;
  private namespaces: string[] | undefined;
  private changed: number;

  constructor(revision: number) {
    this.ring = new EventRing(eventsKeptMax, revision);
    this.changed = revision;
  }

  /** The revision of the newest change to any of its objects. */
  get lastChange(): number {
    return this.changed;
  }

  /** The oldest revision that a watch may start after. */
  get floorRevision(): number {
    return this.ring.floorRevision;
  }

  get size(): number {
    let size = 0;
    for (const bucket of this.buckets.values()) size += bucket.size;
    return size;
  }

  get watcherCount(): number {
    return this.watchers.size;
  }

  get(key: string): Document | undefined {
    const { namespace, name } = placeOf(key);
    return this.buckets.get(namespace)?.get(name);
  }

  /** Key and document of every object that the filter shows, in key order, after the key `after`. */
  *list(filter: Filter, after = ''): IterableIterator<[string, Document]> {
    for (const { prefix, bucket, start } of this.bucketsAfter(filter, after)) {
      for (const [name, document] of bucket.after(start)) {
        if (filter.name !== undefined && name !== filter.name) continue;
        if (!filter.matches || filter.matches(document)) yield [prefix + name, document];
      }
    }
  }

  /** How many objects lie in the filter's namespace after the key `after`; names and selectors are not looked at. */
  countAfter(filter: Filter, after: string): number {
    let count = 0;
    for (const { bucket, start } of this.bucketsAfter(filter, after)) count += bucket.countAfter(start);
    return count;
  }

  private *bucketsAfter(filter: Filter, after: string) {
    const slash = after.indexOf('/');
    const afterNamespace = slash < 0 ? '' : after.slice(0, slash);
    for (const namespace of this.namespacesOf(filter)) {
      const prefix = namespace === '' ? '' : `${namespace}/`;
      if (after !== '' && prefix < `${afterNamespace}/` && prefix !== '') continue;
      const bucket = this.buckets.get(namespace);
      if (!bucket) continue;
      yield { prefix, bucket, start: namespace === afterNamespace ? after.slice(slash + 1) : '' };
    }
  }

  /** How many objects lie in the filter's namespace; selectors are not looked at. */
  count(filter: Filter): number {
    return filter.namespace === undefined ? this.size : (this.buckets.get(filter.namespace)?.size ?? 0);
  }

  /** One object as the first listing found it; no watcher hears of it. */
  load(key: string, document: Document): void {
    const place = placeOf(key);
    this.store(place, this.buckets.get(place.namespace)?.get(place.name), document);
  }

  /** Takes one change from the store and tells the watchers. */
  apply(key: string, revision: number, document: Document | undefined): void {
    const place = placeOf(key);
    const previous = this.buckets.get(place.namespace)?.get(place.name);
    this.changed = revision;
    if (document) this.store(place, previous, document);
    else if (previous) this.remove(place);
    else return;
    const event = new CacheEvent(key, revision, document, previous);
    this.ring.push(event);
    this.watchers.tell(event, place);
    document?.settle();
    previous?.unparse();
  }

  /** Delivers what happened after `afterRevision`, at once, and then everything as it happens. */
  watch(filter: Filter, afterRevision: number, sink: WatchSink): Subscription {
    for (const event of afterRevision < this.changed ? this.ring.after(afterRevision) : []) {
      const type = changeSeen(event, filter);
      if (type) sink.event(type, event);
    }
    return { cancel: this.watchers.add(filter, sink) };
  }

  /** Tells the watchers whom it concerned that a batch is complete. */
  settle(): void {
    this.watchers.settle();
  }

  /**
   * Forgets everything, because the store's history was lost. Answers with the way to tell the watchers of before that
   * they must list again; to be called once there is something to list.
   */
  reset(revision: number): () => void {
    const cut = this.watchers.clear();
    this.buckets.clear();
    this.namespaces = undefined;
    this.ring = new EventRing(eventsKeptMax, revision);
    this.changed = revision;
    return () => {
      for (const sink of cut) sink.expired();
    };
  }

  private namespacesOf(filter: Filter): readonly string[] {
    if (filter.namespace !== undefined) return [filter.namespace];
    // Bytewise key order: `a-b/x` sorts before `a/x`.
    this.namespaces ??= [...this.buckets.keys()].sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
    return this.namespaces;
  }

  private store({ namespace, name }: Place, previous: Document | undefined, document: Document): void {
    let bucket = this.buckets.get(namespace);
    if (!bucket) {
      bucket = new Bucket();
      this.buckets.set(namespace, bucket);
      this.namespaces = undefined;
    }
    bucket.replace(name, previous, document);
  }

  private remove({ namespace, name }: Place): void {
    const bucket = this.buckets.get(namespace);
    if (!bucket) return;
    bucket.delete(name);
    if (bucket.size > 0) return;
    this.buckets.delete(namespace);
    this.namespaces = undefined;
  }
}
