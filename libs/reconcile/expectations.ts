import type { KubeObject } from '../api/meta.ts';
import type { Clock } from '../base/clock.ts';

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
  sinceMs: number;
}

/**
 * What a controller has written and its cache may not show yet. Resource versions are revisions of one store, so 'has
 * the cache seen my create' is a comparison of numbers; a deletion has no version of its own and is known by its uid.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Expected>();

  constructor(clock: Clock) {
    this.#clock = clock;
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

  forget(key: string): void {
    this.#byKey.delete(key);
  }

  /** Whether `cached`, the key's objects in `cache`, show all that was written for the key. */
  satisfied(key: string, cache: VersionedCache, cached: readonly KubeObject[]): boolean {
    const expected = this.#byKey.get(key);
    if (!expected) return true;
    const alive = new Set(cached.filter((object) => !object.metadata?.deletionTimestamp).map((o) => o.metadata?.uid));
    for (const uid of expected.deletions) if (!alive.has(uid)) expected.deletions.delete(uid);
    const caughtUp = Number(cache.resourceVersion) >= expected.version && expected.deletions.size === 0;
    const overdue = this.#clock.monotonic() - expected.sinceMs > expectationMsMax;
    if (!caughtUp && !overdue) return false;
    this.#byKey.delete(key);
    return true;
  }

  #of(key: string): Expected {
    const standing = this.#byKey.get(key);
    if (standing) {
      standing.sinceMs = this.#clock.monotonic();
      return standing;
    }
    const made = { version: 0, deletions: new Set<string>(), sinceMs: this.#clock.monotonic() };
    this.#byKey.set(key, made);
    return made;
  }
}
