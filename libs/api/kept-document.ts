import { createHash } from 'node:crypto';

/** A long text about what is served, as bytes, kept because it seldom changes. `hash` names its content, for ETag. */
export interface KeptDocument {
  readonly bytes: Buffer;
  readonly hash: string;
}

export function keptDocument(bytes: Buffer): KeptDocument {
  return { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

/**
 * What was made last, kept for as long as it would be made of the very same sources, in their order. A promise is
 * forgotten when it rejects: the next one who asks has it made again.
 */
export class MadeOnce<T> {
  private last: { readonly sources: readonly unknown[]; readonly made: T } | undefined;

  of(sources: readonly unknown[], make: () => T): T {
    if (this.last && sameItems(this.last.sources, sources)) return this.last.made;
    const last = { sources, made: make() };
    this.last = last;
    if (last.made instanceof Promise) {
      last.made.catch(() => {
        if (this.last === last) this.last = undefined;
      });
    }
    return last.made;
  }
}

function sameItems(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
