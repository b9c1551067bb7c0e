import type { Document } from './document.ts';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** The state of an object before and after one write. One of the two is always there. */
export class CacheEvent {
  /** Made with the first frame: most events are never shown to anybody over HTTP. */
  private frames: Partial<Record<ChangeType, Buffer>> | undefined;
  private gone: Document | undefined;

  constructor(
    /** `namespace/name` or `name`. */
    readonly key: string,
    readonly revision: number,
    readonly current: Document | undefined,
    readonly previous: Document | undefined,
  ) {}

  /** What a watcher is shown: the new state, or the last one under the revision that ended it. */
  document(type: ChangeType): Document {
    if (type !== 'DELETED') return this.current!;
    this.gone ??= this.previous!.at(this.revision);
    return this.gone;
  }

  /** One line of a JSON watch stream, made once for all watchers. */
  frame(type: ChangeType): Buffer {
    this.frames ??= {};
    this.frames[type] ??= watchFrame(type, this.document(type).text);
    return this.frames[type];
  }
}

/** `{"type":…,"object":…}` and a newline. `text` has one letter for each byte. */
export function watchFrame(type: string, text: string): Buffer {
  return Buffer.from(`{"type":"${type}","object":${text}}\n`, 'latin1');
}

/** What part of a collection a list or a watch shows. */
export interface Filter {
  namespace?: string;
  /** Only the object of this name. */
  name?: string;
  /** Selectors; absent when there are none, so that nothing need be parsed. */
  matches?: (document: Document) => boolean;
  /** What `matches` was made from: filters of one collection with equal texts see the same. */
  selectors?: string;
}

/** How the event looks through the filter; undefined when it does not concern it. */
export function changeSeen(event: CacheEvent, filter: Filter): ChangeType | undefined {
  if (!covers(filter, event.key)) return undefined;
  if (!filter.matches) return event.current ? (event.previous ? 'MODIFIED' : 'ADDED') : 'DELETED';
  const before = event.previous !== undefined && filter.matches(event.previous);
  const after = event.current !== undefined && filter.matches(event.current);
  if (after) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

/** Whether the key lies in the filter's namespace and has its name. */
export function covers(filter: Filter, key: string): boolean {
  if (filter.namespace !== undefined) {
    const length = filter.namespace.length;
    if (key.charCodeAt(length) !== 47 || !key.startsWith(filter.namespace)) return false;
  }
  return filter.name === undefined || key.slice(key.indexOf('/') + 1) === filter.name;
}
