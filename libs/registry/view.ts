import type { ResourceDefinition } from '../api/definition.ts';
import { apiVersionOf, type KubeObject } from '../api/meta.ts';
import { Document } from '../cache/document.ts';
import { CacheEvent } from '../cache/event.ts';
import { collectionPrefix } from '../cache/keys.ts';
import { storedValue } from '../cache/stored-value.ts';

/** Between the objects as a resource shows them and the objects as they are stored. */
export interface View {
  /** Where the objects are stored. */
  readonly resource: { readonly group: string; readonly plural: string };
  /** The prefix of their keys. */
  readonly prefix: string;
  /** Converts what somebody else must be asked about, before it is shown; undefined when there is nothing to wait for. */
  ready(documents: Iterable<Document>): Promise<void> | undefined;
  shown(document: Document): Document;
  shownEvent(event: CacheEvent): CacheEvent;
  /** The bytes to store. `previous`: what stands there now. */
  value(object: KubeObject, previous?: Document): Buffer | Promise<Buffer>;
}

const nothingToWaitFor = () => undefined;

/** How the objects of a resource are shown, and how they are stored. */
export function viewOf(definition: ResourceDefinition): View {
  const view = plainView(definition);
  return definition.complete ? completingView(view, (object) => definition.complete!(object)) : view;
}

/** Shows objects with what their schema has come to define since they were written. */
function completingView(view: View, complete: (object: KubeObject) => KubeObject): View {
  const known = new WeakMap<Document, Document>();
  const shown = (document: Document): Document => {
    // By what it is completed from: that may be another object once it has been made ready.
    const before = view.shown(document);
    const found = known.get(before);
    if (found) return found;
    const object = complete(before.object);
    const completed = object === before.object ? before : Document.ofObject(inOrder(object), before.revision);
    known.set(before, completed);
    return completed;
  };
  return { ...view, shown, shownEvent: eventsBy(shown) };
}

/** Most resources are stored as they are shown; some show the objects of another one in their own version. */
function plainView(definition: ResourceDefinition): View {
  const { storedAs, conversion } = definition;
  const resource = storedAs?.resource ?? definition;
  const prefix = collectionPrefix(resource.group, resource.plural);
  const place = { resource, prefix, ready: nothingToWaitFor };
  if (conversion) return { ...place, ...convertingView(apiVersionOf(definition), conversion) };
  if (!storedAs) {
    return { ...place, shown: (document) => document, shownEvent: (event) => event, value: storedValue };
  }
  const known = new WeakMap<Document, Document>();
  const shown = (document: Document) => {
    let converted = known.get(document);
    if (!converted) {
      converted = Document.ofObject(inOrder(storedAs.fromStored(document.object)), document.revision);
      known.set(document, converted);
    }
    return converted;
  };
  return { ...place, shown, shownEvent: eventsBy(shown), value: (object) => storedValue(storedAs.toStored(object)) };
}

function eventsBy(shown: (document: Document) => Document): View['shownEvent'] {
  const maybe = (document: Document | undefined) => document && shown(document);
  return (event) => new CacheEvent(event.key, event.revision, maybe(event.current), maybe(event.previous));
}

/** kind and apiVersion stand at the beginning of what is stored. */
const headBytes = 512;

/** Shows objects that may have been written in any version of their kind. */
function convertingView(
  apiVersion: string,
  { storedApiVersion, convert }: NonNullable<ResourceDefinition['conversion']>,
): Pick<View, 'ready' | 'shown' | 'shownEvent' | 'value'> {
  const known = new WeakMap<Document, Document>();
  const mark = Buffer.from(`"apiVersion":${JSON.stringify(apiVersion)}`);
  const fits = ({ bytes }: Document) => {
    // The first one is the object's own: ownership names versions, too.
    const at = bytes.subarray(0, headBytes).indexOf('"apiVersion":');
    return at >= 0 && bytes.subarray(at, at + mark.length).equals(mark);
  };
  const made = (document: Document, object: KubeObject) => Document.ofObject(inOrder(object), document.revision);
  const shown = (document: Document): Document => {
    if (fits(document)) return document;
    // What has not been made ready keeps its fields, as versions without conversion do, and is made ready another time.
    return known.get(document) ?? made(document, { ...document.object, apiVersion });
  };
  return {
    ready(documents) {
      const others = Array.from(documents).filter((document) => !fits(document) && !known.has(document));
      if (others.length === 0) return undefined;
      const objects = others.map((document) => document.object);
      const converted = convert(objects, apiVersion);
      const note = (list: KubeObject[]) =>
        others.forEach((document, index) => void known.set(document, made(document, list[index]!)));
      if (converted instanceof Promise) return converted.then(note);
      note(converted);
      return undefined;
    },
    shown,
    shownEvent: eventsBy(shown),
    value(object) {
      if (apiVersion === storedApiVersion) return storedValue(object);
      const converted = convert([object], storedApiVersion);
      return converted instanceof Promise ? converted.then(([one]) => storedValue(one!)) : storedValue(converted[0]!);
    },
  };
}

/** kind, apiVersion and metadata first, and resourceVersion first in it, as the bytes of stored objects have them. */
function inOrder({ kind, apiVersion, metadata, ...rest }: KubeObject): KubeObject {
  const { resourceVersion, ...others } = metadata ?? {};
  return { kind, apiVersion, metadata: { resourceVersion, ...others }, ...rest } as KubeObject;
}
