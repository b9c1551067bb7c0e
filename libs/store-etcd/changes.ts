import type { IKeyValue, IWatchResponse } from 'etcd3';
import type { WatchEvent } from '../store/store.ts';
import type { KeySpace } from './keys.ts';
import { Places, revisionAt } from './revisions.ts';
import { unmarkedValue } from './value.ts';

/** One change, and what stood at its key before when that was asked for. */
export interface Change extends WatchEvent {
  previous: IKeyValue | undefined;
}

/** The changes that a response tells, each with its revision. It must come of a watch of all keys of the store. */
export function changesOf(response: IWatchResponse, keys: KeySpace): Change[] {
  let modRevision = 0;
  let places = new Places();
  return response.events.map(({ type, kv, prev_kv }) => {
    const at = Number(kv.mod_revision);
    if (at !== modRevision) places = new Places();
    modRevision = at;
    const key = keys.decode(kv.key);
    const previous = prev_kv ?? undefined;
    const isRemoval = type === 'Delete' || (type as unknown) === 'DELETE';
    if (isRemoval) return { key, value: null, revision: revisionAt(at, places.next(undefined)), previous };
    const { value, place } = unmarkedValue(kv.value);
    return { key, value, revision: revisionAt(at, places.next(place)), previous };
  });
}
