import type { WatchEvent } from '../store/store.ts';
import type { Change } from './answers.ts';
import type { KeySpace } from './keys.ts';
import { Places, revisionAt } from './revisions.ts';
import { unmarkedValue } from './value.ts';

/** What a watch tells, each change with its revision. It must come of a watch of all keys of the store. */
export function changesOf(changes: readonly Change[], keys: KeySpace): WatchEvent[] {
  let modRevision = 0;
  let places = new Places();
  return changes.map(({ stored, isRemoval }) => {
    const at = stored.modRevision;
    if (at !== modRevision) places = new Places();
    modRevision = at;
    const key = keys.decode(stored.key);
    if (isRemoval) return { key, value: null, revision: revisionAt(at, places.next(undefined)) };
    const { value, place } = unmarkedValue(stored.value);
    return { key, value, revision: revisionAt(at, places.next(place)) };
  });
}
