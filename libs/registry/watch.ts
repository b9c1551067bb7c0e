import { expiredRevision } from '../cache/revisions.ts';
import { checkWatchOptions, parseRevision } from './list-options.ts';
import type { Parts } from './parts.ts';
import type { WatchHandle, WatchListener, WatchRequest } from './requests.ts';
import { filterOf } from './selection.ts';

/** Delivers what happens to the objects that the request selects. @throws StatusError Expired, BadRequest, Invalid. */
export async function watchObjects(parts: Parts, request: WatchRequest, listener: WatchListener): Promise<WatchHandle> {
  checkWatchOptions(request);
  const filter = filterOf(parts, request);
  const { collection, mirror, view } = parts;
  const asked = parseRevision(request.resourceVersion);
  if (asked === undefined) await mirror.current();
  else if (asked > 0) await mirror.shows(asked);
  if (asked !== undefined && asked > 0 && asked < collection.floorRevision) {
    throw expiredRevision(asked, collection.floorRevision);
  }
  const withInitial = request.sendInitialEvents ?? (asked === undefined || asked === 0);
  // From here to the subscription nothing may yield, or a change could fall between the two.
  const start = withInitial ? mirror.revision : (asked ?? mirror.revision);
  if (withInitial) {
    for (const [, document] of collection.list(filter)) listener.initial(view.shown(document));
    if (request.sendInitialEvents) listener.bookmark(start, true);
  }
  const subscription = collection.watch(filter, start, {
    event: (type, event) => listener.event(type, view.shownEvent(event)),
    settled: () => listener.settled?.(),
    expired: () => listener.failed(expiredRevision(start, collection.floorRevision)),
  });
  listener.settled?.();
  return { bookmark: () => listener.bookmark(mirror.revision, false), cancel: () => subscription.cancel() };
}
