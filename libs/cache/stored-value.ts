import type { KubeObject } from '../api/meta.ts';
import type { Document } from './document.ts';
import { ownershipText } from './ownership-text.ts';
import { metadataOpening, writtenValue } from './stored-texts.ts';

/**
 * The bytes of an object as it is stored: kind, apiVersion and metadata first, in it the record of field ownership and the name,
 * without resourceVersion.
 * @param object must not change any more: followers in this process are shown it, or parts of it
 * @param previous what stands there now: sections that the object shares with it need not be written again
 */
export function storedValue(object: KubeObject, previous?: Document): Buffer {
  const { kind, apiVersion, metadata, ...sections } = object;
  const { resourceVersion: _, managedFields, name, ...others } = metadata ?? {};
  const head = headOf(kind, apiVersion);
  if (name === undefined) {
    return writtenValue({ head, owned: '', rest: textFrom({ managedFields, ...others }, sections) });
  }
  const kept = { name, ...others };
  const tail = previous?.textBehindMetadata(sections);
  const rest = tail === undefined ? textFrom(kept, sections) : JSON.stringify(kept).slice(1) + tail;
  return writtenValue({ head, owned: ownershipText(managedFields), rest }, { object, isParsed: false });
}

/** The text from within metadata on. */
function textFrom(metadata: object, sections: object): string {
  return JSON.stringify({ metadata, ...sections }).slice(1 + metadataOpening.length);
}

interface Head {
  readonly kind: string | undefined;
  readonly apiVersion: string | undefined;
  readonly text: string;
}

/** The latest one: what is written in a row is often of one kind. */
let latestHead: Head = { kind: undefined, apiVersion: undefined, text: `{${metadataOpening}` };

/** How the values of a kind begin. */
function headOf(kind: string | undefined, apiVersion: string | undefined): string {
  if (latestHead.kind === kind && latestHead.apiVersion === apiVersion) return latestHead.text;
  const start = JSON.stringify({ kind, apiVersion }).slice(0, -1);
  const text = `${start}${start === '{' ? '' : ','}${metadataOpening}`;
  latestHead = { kind, apiVersion, text };
  return text;
}
