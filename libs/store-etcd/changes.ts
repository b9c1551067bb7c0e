import type { IWatchResponse } from 'etcd3';
import type { WatchEvent } from '../store/store.ts';
import type { KeySpace } from './keys.ts';
import { Places, revisionAt } from './revisions.ts';
import { unmarkedValue } from './value.ts';

/** What a response tells, each change with its revision. It must come of a watch of all keys of the store. */
export function changesOf(response: IWatchResponse, keys: KeySpace): WatchEvent[] {
  let modRevision = 0;
  let places = new Places();
  return response.events.map(({ type, kv }) => {
    const at = Number(kv.mod_revision);
    if (at !== modRevision) places = new Places();
    modRevision = at;
    const key = keys.decode(kv.key);
    const isRemoval = type === 'Delete' || (type as unknown) === 'DELETE';
    if (isRemoval) return { key, value: null, revision: revisionAt(at, places.next(undefined)) };
    const { value, place } = unmarkedValue(kv.value);
    return { key, value, revision: revisionAt(at, places.next(place)) };
  });
}
