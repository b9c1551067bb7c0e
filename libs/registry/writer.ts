import { Document } from '../cache/document.ts';
import type { StoreMirror } from '../cache/mirror.ts';
import { shownFailure } from '../cache/store-failure.ts';
import { type Committed, type Entry, GuardFailedError, type Store, type Transaction } from '../store/store.ts';

/** How often a write is tried again that lost a race it may lose. */
export const writeAttemptsMax = 16;

/** Writes to the store and returns once the mirror shows the write, so that the writer reads what it wrote. */
export class ObjectWriter {
  constructor(
    private readonly store: Store,
    private readonly mirror: StoreMirror,
  ) {}

  /** @throws GuardFailedError, StatusError. */
  async commit(transaction: Transaction): Promise<Committed> {
    let committed: Committed;
    try {
      committed = await this.store.commit(transaction);
    } catch (error) {
      throw shownFailure(error);
    }
    const showing = this.mirror.shows(committed.revision);
    if (showing) await showing;
    return committed;
  }

  /** What the store itself holds, past the mirror. */
  async read(key: string): Promise<Document | undefined> {
    try {
      const entry = await this.store.get(key);
      return entry && documentOf(entry);
    } catch (error) {
      throw shownFailure(error);
    }
  }
}

export function documentOf(entry: Entry): Document {
  return Document.ofValue(entry.value, entry.revision);
}

/** What stands at `key` now, when that is why the transaction failed; `undefined` when another guard failed. */
export function guardFailureAt(error: unknown, key: string): { current: Document | undefined } | undefined {
  if (!(error instanceof GuardFailedError)) return undefined;
  const failed = error.current.find((one) => one.key === key);
  return failed && { current: failed.entry && documentOf(failed.entry) };
}
