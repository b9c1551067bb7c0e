import { sleep, systemClock } from '../../base/clock.ts';
import type { Store, WatchEvent } from '../store.ts';

export const text = (value: Uint8Array | null | undefined) => (value == null ? value : Buffer.from(value).toString());
export const bytes = (value: string) => Buffer.from(value);

/** Writes one key, guarded by nothing; answers with the write's revision. */
export async function put(store: Store, key: string, value: string | Buffer): Promise<number> {
  const { writeRevisions } = await store.commit({ guards: [], writes: [{ key, value: Buffer.from(value) }] });
  return writeRevisions[0]!;
}

/** Removes one key; answers with the revision of that, or 0 when there was nothing. */
export async function remove(store: Store, key: string): Promise<number> {
  const { writeRevisions } = await store.commit({ guards: [], writes: [{ key, value: null }] });
  return writeRevisions[0]!;
}

/** Follows a prefix and keeps all that it is told. */
export class Follower {
  readonly events: WatchEvent[] = [];
  /** How many events had come when each batch was complete. */
  readonly batchEnds: number[] = [];
  revision = 0;
  error: unknown;
  private readonly stopper = new AbortController();
  private readonly done: Promise<void>;

  constructor(store: Store, prefix: string, afterRevision?: number) {
    this.done = this.run(store, prefix, afterRevision);
  }

  private async run(store: Store, prefix: string, afterRevision: number | undefined): Promise<void> {
    try {
      for await (const batch of store.watch(prefix, { afterRevision, signal: this.stopper.signal })) {
        this.events.push(...batch.events);
        this.revision = batch.revision;
        if (batch.events.length > 0) this.batchEnds.push(this.events.length);
      }
    } catch (error) {
      this.error = error;
    }
  }

  /** Resolves when `count` events have come or the watch has failed. @throws Error when they do not come in time. */
  async until(count: number): Promise<void> {
    for (let turns = 0; this.events.length < count && this.error === undefined && turns < 2000; turns++) {
      await sleep(systemClock, 5);
    }
    if (this.events.length < count && this.error === undefined) {
      throw new Error(`${this.events.length} of ${count} events came`);
    }
  }

  async stop(): Promise<void> {
    this.stopper.abort();
    await this.done;
  }
}

/** What a follower was told, for comparisons. */
export const told = (events: readonly WatchEvent[]) =>
  events.map(({ key, value, revision }) => [key, text(value), revision]);
