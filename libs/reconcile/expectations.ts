import { type KubeObject, parseObjectKey, type Resource } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';
import { isStatus } from '../base/status.ts';
import type { Client } from '../client/client.ts';

/** After this long without the event that was expected, the cache is believed again. */
export const expectationMsMax = 60_000;
/** How soon to look again while the cache is behind; its next event usually comes first. */
export const expectationRecheckMs = 500;

/** What expectations need to know of an informer. */
export interface VersionedCache {
  readonly resourceVersion: string;
}

interface Expected {
  /** The cache must have seen this revision. */
  version: number;
  /** These objects must show a deletion timestamp or be gone. */
  deletions: Set<string>;
  /** An answer was lost: only the server knows what was written. */
  unknown: boolean;
  sinceMs: number;
}

export interface ExpectationsOptions {
  clock: Clock;
  client: Client;
  /** What the controller writes and the cache holds. */
  resource: Resource;
}

/**
 * What a controller has written and its cache may not show yet. Resource versions are revisions of one store, so 'has
 * the cache seen my create' is a comparison of numbers; a deletion has no version of its own and is known by its uid.
 */
export class Expectations {
  readonly #options: ExpectationsOptions;
  readonly #byKey = new Map<string, Expected>();

  constructor(options: ExpectationsOptions) {
    this.#options = options;
  }

  /** The cache must reach the version of an object just written, or of a list just read. */
  expectVersion(key: string, resourceVersion: string | undefined): void {
    const version = Number(resourceVersion);
    if (!Number.isFinite(version)) return;
    const expected = this.#of(key);
    expected.version = Math.max(expected.version, version);
  }

  expectDeletion(key: string, uid: string): void {
    this.#of(key).deletions.add(uid);
  }

  /** The deletion did not happen. */
  deletionFailed(key: string, uid: string): void {
    this.#byKey.get(key)?.deletions.delete(uid);
  }

  /** A write ended with `error`. Where that leaves open whether it was carried out, `settle` will ask. */
  writeFailed(key: string, error: unknown): void {
    const refused = isStatus(error) && error.code < 500;
    if (!refused) this.#of(key).unknown = true;
  }

  /** To be called before the cache is read: after a lost answer the cache must reach what the server shows now. */
  async settle(key: string): Promise<void> {
    const expected = this.#byKey.get(key);
    if (!expected?.unknown) return;
    const { client, resource } = this.#options;
    const { items } = await client.list(resource, { namespace: parseObjectKey(key).namespace });
    expected.unknown = false;
    // Not the list's own version: no event need ever bring the cache there.
    for (const object of items) this.expectVersion(key, object.metadata?.resourceVersion);
  }

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** Whether `cached`, the key's objects in `cache`, show all that was written for the key. */
  satisfied(key: string, cache: VersionedCache, cached: readonly KubeObject[]): boolean {
    const expected = this.#byKey.get(key);
    if (!expected) return true;
    const alive = new Set(cached.filter((object) => !object.metadata?.deletionTimestamp).map((o) => o.metadata?.uid));
    for (const uid of expected.deletions) if (!alive.has(uid)) expected.deletions.delete(uid);
    if (expected.unknown) return false;
    const caughtUp = Number(cache.resourceVersion) >= expected.version && expected.deletions.size === 0;
    const overdue = this.#options.clock.monotonic() - expected.sinceMs > expectationMsMax;
    if (!caughtUp && !overdue) return false;
    this.#byKey.delete(key);
    return true;
  }

  #of(key: string): Expected {
    const standing = this.#byKey.get(key);
    if (standing) {
      standing.sinceMs = this.#options.clock.monotonic();
      return standing;
    }
    const sinceMs = this.#options.clock.monotonic();
    const made = { version: 0, deletions: new Set<string>(), unknown: false, sinceMs };
    this.#byKey.set(key, made);
    return made;
  }
}
