import { type CacheEvent, type ChangeType, changeSeen, type Filter } from './event.ts';
import type { Place } from './keys.ts';

/** Receives what a watch delivers, in order. It must not throw and must not block. */
export interface WatchSink {
  event(type: ChangeType, event: CacheEvent): void;
  /** What has been delivered is complete up to some revision; called after each batch that held something for it. */
  settled?(): void;
  /** Nothing more will come: the cache lost its place and the watcher must list again. */
  expired(): void;
}

/** Watchers that see the same. */
interface Group {
  readonly filter: Filter;
  readonly sinks: Set<WatchSink>;
  /** Whether the batch under way held something for them. */
  touched: boolean;
}

/** The place of those who look at all namespaces and names. */
const anywhere = '*/*';

/** Groups by what their selectors say. */
type Bucket = Map<unknown, Group>;

/**
 * All watchers of a collection, found by the namespace and name that they look at, and asked once for all who have the
 * same selectors: a change of one object costs nothing to those who watch others.
 */
export class Watchers {
  /** By `namespace/name`, with `*` for any. */
  private readonly buckets = new Map<string, Bucket>();
  private touched: Group[] = [];
  private count = 0;
  /** How many of them look at one namespace or one name only: mostly none, and then nobody need be looked for. */
  private narrowCount = 0;

  get size(): number {
    return this.count;
  }

  /** Returns the way to remove it. */
  add(filter: Filter, sink: WatchSink): () => void {
    const place = `${filter.namespace ?? '*'}/${filter.name ?? '*'}`;
    const bucket = this.buckets.get(place) ?? new Map<unknown, Group>();
    this.buckets.set(place, bucket);
    const key: unknown = filter.matches ? (filter.selectors ?? filter.matches) : undefined;
    const group = bucket.get(key) ?? { filter, sinks: new Set<WatchSink>(), touched: false };
    bucket.set(key, group);
    group.sinks.add(sink);
    const narrow = place === anywhere ? 0 : 1;
    this.count++;
    this.narrowCount += narrow;
    return () => {
      if (!group.sinks.delete(sink)) return;
      this.count--;
      this.narrowCount -= narrow;
      if (group.sinks.size === 0 && bucket.get(key) === group) bucket.delete(key);
      if (bucket.size === 0 && this.buckets.get(place) === bucket) this.buckets.delete(place);
    };
  }

  tell(event: CacheEvent, { namespace, name }: Place): void {
    if (this.count === 0) return;
    this.tellAt(anywhere, event);
    if (this.narrowCount === 0) return;
    this.tellAt(`*/${name}`, event);
    if (namespace === '') return;
    this.tellAt(`${namespace}/*`, event);
    this.tellAt(event.key, event);
  }

  /** Tells those who were told something that it is all for now. */
  settle(): void {
    const { touched } = this;
    if (touched.length === 0) return;
    this.touched = [];
    for (const group of touched) {
      group.touched = false;
      for (const sink of group.sinks) sink.settled?.();
    }
  }

  /** Removes all and returns them. */
  clear(): WatchSink[] {
    const sinks: WatchSink[] = [];
    for (const bucket of this.buckets.values()) {
      for (const group of bucket.values()) {
        sinks.push(...group.sinks);
        // Whoever is removed later, by the way that `add` returned, is not counted again.
        group.sinks.clear();
      }
    }
    this.buckets.clear();
    this.touched = [];
    this.count = 0;
    this.narrowCount = 0;
    return sinks;
  }

  private tellAt(place: string, event: CacheEvent): void {
    const bucket = this.buckets.get(place);
    if (!bucket) return;
    for (const group of bucket.values()) {
      const type = changeSeen(event, group.filter);
      if (!type) continue;
      if (!group.touched) {
        group.touched = true;
        this.touched.push(group);
      }
      for (const sink of group.sinks) sink.event(type, event);
    }
  }
}
