import type { ResourceDefinition } from '../api/definition.ts';
import type { KubeObject } from '../api/meta.ts';
import { Document, storedValue } from '../cache/document.ts';
import { CacheEvent } from '../cache/event.ts';
import { collectionPrefix } from '../cache/keys.ts';

/** Between the objects as a resource shows them and the objects as they are stored. */
export interface View {
  /** Where the objects are stored. */
  readonly resource: { readonly group: string; readonly plural: string };
  /** The prefix of their keys. */
  readonly prefix: string;
  shown(document: Document): Document;
  shownEvent(event: CacheEvent): CacheEvent;
  /** The bytes to store. */
  value(object: KubeObject): Buffer;
}

/** Most resources are stored as they are shown; some show the objects of another one in their own version. */
export function viewOf(definition: ResourceDefinition): View {
  const { storedAs } = definition;
  const resource = storedAs?.resource ?? definition;
  const prefix = collectionPrefix(resource.group, resource.plural);
  if (!storedAs) {
    return { resource, prefix, shown: (document) => document, shownEvent: (event) => event, value: storedValue };
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
  const maybe = (document: Document | undefined) => document && shown(document);
  return {
    resource,
    prefix,
    shown,
    shownEvent: (event) => new CacheEvent(event.key, event.revision, maybe(event.current), maybe(event.previous)),
    value: (object) => storedValue(storedAs.toStored(object)),
  };
}

/** kind, apiVersion and metadata first, and resourceVersion first in it, as the bytes of stored objects have them. */
function inOrder({ kind, apiVersion, metadata, ...rest }: KubeObject): KubeObject {
  const { resourceVersion, ...others } = metadata ?? {};
  return { kind, apiVersion, metadata: { resourceVersion, ...others }, ...rest } as KubeObject;
}
