import type { Document } from '../cache/document.ts';
import { type CacheEvent, type ChangeType, changeSeen } from '../cache/event.ts';
import { expiredRevision } from '../cache/revisions.ts';
import { allReady } from './list.ts';
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
  const waiting = allReady(parts);
  if (waiting) await waiting;
  // From here to the subscription nothing may yield, or a change could fall between the two.
  const start = withInitial ? mirror.revision : (asked ?? mirror.revision);
  if (withInitial) {
    for (const [, document] of collection.list(filter)) listener.initial(view.shown(document));
    if (request.sendInitialEvents) listener.bookmark(start, true);
  }
  const told = parts.definition.conversion ? new ReadyQueue(view, listener) : undefined;
  const inTurn = (documents: ReadonlyArray<Document | undefined>, tell: () => void) =>
    told ? told.run(documents, tell) : tell();
  const tell = (type: ChangeType | undefined, event: CacheEvent) => {
    if (type) listener.event(type, view.shownEvent(event));
  };
  // Selectors look at what is shown, so what must be made ready first is selected only then.
  const subscription = collection.watch(told ? { ...filter, matches: undefined } : filter, start, {
    event: told
      ? (_, event) => told.run([event.current, event.previous], () => tell(changeSeen(event, filter), event))
      : tell,
    settled: () => inTurn([], () => listener.settled?.()),
    expired: () => inTurn([], () => listener.failed(expiredRevision(start, collection.floorRevision))),
  });
  listener.settled?.();
  return {
    bookmark: () => {
      const { revision } = mirror;
      inTurn([], () => listener.bookmark(revision, false));
    },
    cancel: () => subscription.cancel(),
  };
}

/** Tells what happens in its order, although some of it must be made ready before it can be shown. */
class ReadyQueue {
  private last: Promise<void> | undefined;

  constructor(
    private readonly view: Parts['view'],
    private readonly listener: WatchListener,
  ) {}

  run(documents: ReadonlyArray<Document | undefined>, tell: () => void): void {
    const ready = () => this.view.ready(documents.flatMap((document) => document ?? []));
    const waiting = this.last ? this.last.then(ready) : ready();
    if (!waiting) {
      tell();
      return;
    }
    const mine = waiting.then(tell).catch((error: Error) => this.listener.failed(error));
    this.last = mine;
    void mine.finally(() => {
      if (this.last === mine) this.last = undefined;
    });
  }
}
