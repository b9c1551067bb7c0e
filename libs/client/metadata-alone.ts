import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import type { Document } from '../cache/document.ts';

/**
 * An object of which only the metadata can be seen. It is parsed once somebody looks, alone, and the document keeps
 * nothing of it: who follows a kind by its keys pays for no object.
 */
export class MetadataAlone implements KubeObject {
  readonly #document: Document;
  #metadata: ObjectMeta | undefined;

  constructor(document: Document) {
    this.#document = document;
  }

  get metadata(): ObjectMeta {
    this.#metadata ??= parse(this.#document.metadataTexts.join(''));
    return this.#metadata;
  }
}

/** @param text one letter for each byte */
function parse(text: string): ObjectMeta {
  return JSON.parse(Buffer.from(text, 'latin1').toString()) as ObjectMeta;
}
