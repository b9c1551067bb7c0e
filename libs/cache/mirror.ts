import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import { type Clock, sleep } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { CompactedError, type Store, type WatchBatch } from '../store/store.ts';
import { Collection } from './collection.ts';
import { Document } from './document.ts';
import { collectionPrefix, registryPrefix, splitKey } from './keys.ts';
import { RevisionGate } from './revision-gate.ts';
import { shownFailure } from './store-failure.ts';

/** Entries per page when the mirror reads the whole store. */
const loadPageEntries = 500;
const retryPolicy: BackoffPolicy = { initialMs: 50, maxMs: 5_000 };

export interface MirrorOptions {
  store: Store;
  /** Whether other processes write to the store: reads that must be current then ask it for its revision first. */
  storeShared: boolean;
  clock: Clock;
  logger: Logger;
}

/**
 * The whole store in memory, kept current by one watch. Since one watch feeds all collections, they all stand at one
 * revision, and whoever has seen a write acknowledged can wait until the mirror shows it.
 */
export class StoreMirror {
  private readonly collections = new Map<string, Collection>();
  private readonly gate: RevisionGate;
  private readonly stopping = new AbortController();
  private readonly options: MirrorOptions;
  /** The state that was listed; everything after it has been seen as an event. */
  private baseRevision = 0;
  private running: Promise<void> | undefined;
  private asking: Promise<number> | undefined;
  private askingNext: Promise<number> | undefined;

  constructor(options: MirrorOptions) {
    this.options = options;
    this.gate = new RevisionGate(options.clock);
  }

  /** Everything up to this revision is in the collections. */
  get revision(): number {
    return this.gate.revision;
  }

  /**
   * Reads the store as it was a while ago and follows it from there in the background: watchers of a server that was
   * killed find what they have missed. Resolves when the newest state is shown.
   */
  async start(): Promise<void> {
    const { revision, recentRevision } = await this.options.store.status();
    const from = await this.loadAt(Math.max(1, recentRevision), revision);
    this.running = this.follow(from);
    await this.reaches(revision);
  }

  /** However long it takes: going through much history again may take longer than a request would wait. */
  private async reaches(revision: number): Promise<void> {
    while (this.revision < revision && !this.stopping.signal.aborted) {
      await this.gate.reached(revision)?.catch((error: unknown) => {
        this.options.logger.warn('still reading the history of the store', { error: String(error) });
      });
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
    for (const collection of this.collections.values()) collection.reset(this.revision)();
  }

  collection(group: string, plural: string): Collection {
    return this.collectionAt(collectionPrefix(group, plural));
  }

  /** Every collection with its prefix, empty ones too. */
  all(): IterableIterator<[string, Collection]> {
    return this.collections.entries();
  }

  /** Resolves once the mirror shows `revision`. @throws StatusError Timeout. */
  shows(revision: number): Promise<void> | undefined {
    return this.gate.reached(revision);
  }

  /** Whether the mirror shows every write acknowledged anywhere without the store being asked. */
  get isCurrent(): boolean {
    return !this.options.storeShared;
  }

  /** Resolves once the mirror shows every write acknowledged anywhere before the call. @throws StatusError. */
  async current(): Promise<void> {
    if (this.options.storeShared) await this.catchUp();
  }

  /** Resolves once the mirror shows the store's newest revision, whoever wrote it. @throws StatusError. */
  async catchUp(): Promise<void> {
    await this.gate.reached(await this.newestRevision());
  }

  /** Who comes while a question is under way shares the next one: the answer must be younger than the asking. */
  private newestRevision(): Promise<number> {
    if (!this.asking) return this.ask();
    const again = () => this.ask();
    this.askingNext ??= this.asking.then(again, again);
    return this.askingNext;
  }

  private ask(): Promise<number> {
    this.askingNext = undefined;
    const asking = this.options.store.commit({ guards: [], writes: [] }).then(
      ({ revision }) => revision,
      (error: unknown) => {
        throw shownFailure(error);
      },
    );
    this.asking = asking;
    const done = () => {
      if (this.asking === asking) this.asking = undefined;
    };
    asking.then(done, done);
    return asking;
  }

  private collectionAt(prefix: string): Collection {
    let collection = this.collections.get(prefix);
    if (!collection) {
      collection = new Collection(this.baseRevision);
      this.collections.set(prefix, collection);
    }
    return collection;
  }

  /** What was then, or what is now when that is no longer kept. */
  private async loadAt(past: number, newest: number): Promise<number> {
    if (past >= newest) return this.load();
    try {
      return await this.load(past);
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error;
      return this.load();
    }
  }

  private async load(past?: number): Promise<number> {
    let after: string | undefined;
    let revision: number | undefined;
    const cut: Array<() => void> = [];
    for (;;) {
      const page = await this.options.store.list(registryPrefix, {
        limit: loadPageEntries,
        after,
        revision: revision ?? past,
      });
      if (revision === undefined) {
        revision = page.revision;
        this.baseRevision = revision;
        for (const collection of this.collections.values()) cut.push(collection.reset(revision));
        this.gate.restart(revision);
      }
      for (const entry of page.entries) {
        const at = splitKey(entry.key);
        if (at) this.collectionAt(at.prefix).load(at.rest, Document.ofValue(entry.value, entry.revision));
        after = entry.key;
      }
      if (!page.more) break;
    }
    this.gate.advance(revision);
    for (const tell of cut) tell();
    return revision;
  }

  private async follow(from: number): Promise<void> {
    let revision = from;
    for (let failures = 0; !this.stopping.signal.aborted; ) {
      try {
        const watch = this.options.store.watch(registryPrefix, {
          afterRevision: revision,
          signal: this.stopping.signal,
        });
        for await (const batch of watch) {
          this.apply(batch);
          revision = batch.revision;
          failures = 0;
        }
      } catch (error) {
        failures += 1;
        this.options.logger.warn('watch of the store ended', { error: String(error), revision });
        revision = await this.recover(error, revision);
      }
      if (failures > 0)
        await sleep(this.options.clock, backoffMs(retryPolicy, failures), this.stopping.signal).catch(() => {});
    }
  }

  /** Where to go on after a failure: from the same revision, or from a new listing when the history is gone. */
  private async recover(error: unknown, revision: number): Promise<number> {
    if (!(error instanceof CompactedError)) return revision;
    try {
      return await this.load();
    } catch (failure) {
      this.options.logger.warn('listing the store failed', { error: String(failure) });
      return revision;
    }
  }

  private apply(batch: WatchBatch): void {
    const touched = new Set<Collection>();
    // What was written at once is often of one kind.
    let prefix: string | undefined;
    let collection: Collection | undefined;
    for (const event of batch.events) {
      if (prefix === undefined || !collection || !event.key.startsWith(prefix)) {
        prefix = splitKey(event.key)?.prefix;
        if (prefix === undefined) continue;
        collection = this.collectionAt(prefix);
        touched.add(collection);
      }
      const document = event.value === null ? undefined : Document.ofValue(event.value, event.revision);
      collection.apply(event.key.slice(prefix.length), event.revision, document);
    }
    this.gate.advance(batch.revision);
    for (const collection of touched) collection.settle();
  }
}
