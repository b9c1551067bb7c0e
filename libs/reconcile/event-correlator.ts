import type { V1ObjectReference } from '../api/gen/types.ts';
import type { Clock } from '../base/clock.ts';

/** Events about one object by one component: this many at once, then one per refill period. */
export const eventBurst = 25;
export const eventRefillMs = 300_000;
/** From this many different messages of one reason on, they are counted together. */
export const similarEventsMax = 10;
export const similarEventsWindowMs = 600_000;
export const rememberedEventsMax = 4096;

export interface EventFacts {
  type: string;
  reason: string;
  message: string;
  action?: string;
  about: V1ObjectReference;
  component: string;
}

/** An event that stands in the API, or is about to. */
export interface EventEntry {
  /** Absent until written. */
  name?: string;
  namespace: string;
  count: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

interface Similar {
  messages: Set<string>;
  sinceMs: number;
}

/** Decides which events are the same, which are alike, and which are too many. Bounded in memory. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #entries = new Map<string, EventEntry>();
  readonly #similar = new Map<string, Similar>();
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The entry to write, with its count already raised, or undefined when the event is to be dropped. */
  correlate(facts: EventFacts): { entry: EventEntry; message: string } | undefined {
    const subject = `${facts.component}|${facts.about.kind}|${facts.about.namespace}|${facts.about.name}|${facts.about.uid}`;
    const kind = `${subject}|${facts.about.fieldPath}|${facts.type}|${facts.reason}`;
    if (!this.#spend(subject)) return undefined;
    const many = this.#isOneOfMany(kind, facts.message);
    const entry = recall(this.#entries, many ? kind : `${kind}|${facts.message}`, () => ({ namespace: '', count: 0 }));
    entry.count += 1;
    return { entry, message: many ? `(combined from similar events): ${facts.message}` : facts.message };
  }

  #spend(subject: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = recall(this.#buckets, subject, () => ({ tokens: eventBurst, atMs: now }));
    bucket.tokens = Math.min(eventBurst, bucket.tokens + (now - bucket.atMs) / eventRefillMs);
    bucket.atMs = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #isOneOfMany(kind: string, message: string): boolean {
    const now = this.#clock.monotonic();
    const similar = recall(this.#similar, kind, () => ({ messages: new Set<string>(), sinceMs: now }));
    if (now - similar.sinceMs > similarEventsWindowMs) similar.messages.clear();
    similar.sinceMs = now;
    if (similar.messages.size < similarEventsMax) similar.messages.add(message);
    return similar.messages.size >= similarEventsMax && !similar.messages.has(message);
  }
}

/** The entry of the key, made when missing; the least recently used one is forgotten when there are too many. */
function recall<V>(map: Map<string, V>, key: string, make: () => V): V {
  const value = map.get(key) ?? make();
  map.delete(key);
  map.set(key, value);
  if (map.size > rememberedEventsMax) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  return value;
}
