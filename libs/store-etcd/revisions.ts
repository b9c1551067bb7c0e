/**
 * etcd counts transactions, the store counts writes: one of etcd's revisions holds up to this many of the store's,
 * `revision = modRevision * placesMax + place`. 2^53 / 2^10 transactions last for 27 years at 10,000 a second.
 *
 * The place of a write that puts a value is its number within the etcd transaction, and stands behind the value (see
 * value.ts). A removal has no value: its place is the next one after the change before it. So whoever sees all changes
 * of a transaction in order knows all places; numbers may be left out where a guard failed.
 */
export const placesMax = 1024;

export function revisionAt(modRevision: number, place: number): number {
  return modRevision * placesMax + place;
}

export function modRevisionOf(revision: number): number {
  return Math.floor(revision / placesMax);
}

/**
 * What a guard compares: a key is written once in a transaction, so etcd's revision tells its states apart. What an
 * older Berth called a revision is below all that there are now and must not pass for 0, which says that there is no
 * such key.
 */
export function guardedModRevision(revision: number): number {
  return revision === 0 ? 0 : modRevisionOf(revision) || Number.MAX_SAFE_INTEGER;
}

/** The revision from which everything of an etcd revision has happened. */
export function endOf(modRevision: number): number {
  return modRevision * placesMax + placesMax - 1;
}

export function isEnd(revision: number): boolean {
  return revision % placesMax === placesMax - 1;
}

/** The last etcd revision of which everything has happened at `revision`; at least the first, which is empty. */
export function wholeModRevision(revision: number): number {
  return Math.max(1, modRevisionOf(revision + 1) - 1);
}

/**
 * The place of each change of one etcd transaction, told in order; removals say so with undefined. Whoever empties etcd
 * by other means removes any number of keys at once: those that there is no place for share the last one, or they would
 * stand among the transactions to come.
 */
export class Places {
  private last = -1;

  next(written: number | undefined): number {
    this.last = Math.min(written ?? this.last + 1, placesMax - 1);
    return this.last;
  }
}
