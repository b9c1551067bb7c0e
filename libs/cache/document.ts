import { isAscii } from 'node:buffer';
import type { V1ManagedFieldsEntry } from '../api/gen/types.ts';
import type { KubeObject } from '../api/meta.ts';
import {
  attachOwnership,
  endOfObject,
  type OwnershipSource,
  ownershipAt,
  ownershipText,
  readOwnership,
} from './ownership-text.ts';

/** kind and apiVersion come first in every stored value, so metadata opens near the start. */
const metadataOpening = '"metadata":{';

/** Where things stand in a stored value. */
interface Layout {
  /** Behind the opening of metadata: the place of resourceVersion, which the value itself has not. */
  readonly versionAt: number;
  /** The end of the record of field ownership that begins there; the same place when there is none. */
  readonly ownershipEnd: number;
  readonly ascii: boolean;
}

/**
 * One state of one object, as JSON bytes and as a parsed object. Each form is made at most once, from the other, when
 * somebody asks. Both are shared: nobody may change them. The bytes are kept as a text with one letter for each byte
 * ('latin1' to Node): such texts cost less memory than Buffers, and go into sockets and other Buffers as fast.
 */
export class Document implements OwnershipSource {
  private owners: V1ManagedFieldsEntry[] | undefined;

  private constructor(
    /** The store's revision; 0 for objects that were never stored (dry run, computed answers). */
    readonly revision: number,
    private stored: string | undefined,
    /** Of stored values: their resourceVersion is written on the way out. Absent where the bytes are complete. */
    private readonly layout: Layout | undefined,
    private parsed: KubeObject | undefined,
  ) {}

  /** From a stored value, which has no resourceVersion. */
  static ofValue(value: Uint8Array, revision: number): Document {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const versionAt = bytes.indexOf(metadataOpening, 0, 'latin1') + metadataOpening.length;
    const ownershipEnd = ownershipAt(bytes, versionAt)?.to ?? versionAt;
    return new Document(
      revision,
      bytes.toString('latin1'),
      layoutOf({ versionAt, ownershipEnd, ascii: isAscii(bytes) }),
      undefined,
    );
  }

  /** From a complete object. */
  static ofObject(object: KubeObject, revision = 0): Document {
    return new Document(revision, undefined, undefined, object);
  }

  /** The bytes, one letter each. */
  get text(): string {
    return this.layout ? this.textHead + this.textTail : this.completeText;
  }

  /** A fresh copy of the bytes. */
  get bytes(): Buffer {
    return this.layout ? Buffer.from(this.text, 'latin1') : Buffer.from(JSON.stringify(this.parsed));
  }

  /** The bytes from `"metadata"` on, one letter each, in two parts: what stands in a list behind the item's brace. */
  get itemHead(): string {
    return this.layout ? metadataOpening + this.version : '';
  }

  get itemTail(): string {
    return this.layout ? this.textTail : this.completeText.slice(this.completeText.indexOf(metadataOpening));
  }

  /** `{…}`: the bytes of metadata, one letter each. */
  get metadataText(): string {
    if (!this.layout) {
      const text = this.completeText;
      const from = text.indexOf(metadataOpening) + metadataOpening.length - 1;
      return text.slice(from, endOfObject(text, from));
    }
    const { versionAt, ownershipEnd } = this.layout;
    const stored = this.stored!;
    // The record of ownership is well-formed and longer than all the rest: the search begins behind it, within metadata.
    const end = endOfObject(stored, ownershipEnd, 1);
    return `{${this.version}${stored.slice(versionAt, end)}`;
  }

  get object(): KubeObject {
    this.parsed ??= this.parse();
    return this.parsed;
  }

  /** The parsed object for one use: it is not kept, unless somebody else keeps it already. */
  read(): KubeObject {
    return this.parsed ?? this.parse();
  }

  /** A private copy of the object, but for the entries' fieldsV1 in managedFields, which are shared. */
  copy(): KubeObject {
    const { layout } = this;
    if (!layout) return JSON.parse(this.completeUtf8) as KubeObject;
    const object = this.parseWithoutOwnership(layout);
    if (object.metadata && layout.ownershipEnd > layout.versionAt) {
      object.metadata.managedFields = this.managedFields.slice();
    }
    return object;
  }

  /** A private copy of the object without managedFields. */
  copyWithoutOwnership(): KubeObject {
    if (this.layout) {
      const { versionAt, ownershipEnd } = this.layout;
      if (ownershipEnd > versionAt) return this.parseWithoutOwnership(this.layout);
    }
    const object = this.copy();
    if (object.metadata?.managedFields) delete object.metadata.managedFields;
    return object;
  }

  /** Who owns which fields; of stored values that have such a record. */
  get managedFields(): V1ManagedFieldsEntry[] {
    if (!this.owners) {
      const { versionAt, ownershipEnd, ascii } = this.layout!;
      this.owners = readOwnership(utf8Of(this.stored!.slice(versionAt, ownershipEnd), ascii));
    }
    return this.owners;
  }

  /** The same state under another resourceVersion, as a deletion shows it. */
  at(revision: number): Document {
    if (revision === this.revision) return this;
    if (this.layout) return new Document(revision, this.stored, this.layout, undefined);
    const { metadata, ...rest } = this.object;
    const shown = { ...metadata, resourceVersion: String(revision) };
    const { kind, apiVersion, ...fields } = rest;
    return Document.ofObject({ kind, apiVersion, metadata: shown, ...fields } as KubeObject, revision);
  }

  private get version(): string {
    return `"resourceVersion":"${this.revision}",`;
  }

  private get textHead(): string {
    return this.stored!.slice(0, this.layout!.versionAt) + this.version;
  }

  private get textTail(): string {
    return this.stored!.slice(this.layout!.versionAt);
  }

  private get completeUtf8(): string {
    return JSON.stringify(this.parsed);
  }

  private get completeText(): string {
    const text = this.stored ?? Buffer.from(this.completeUtf8).toString('latin1');
    this.stored = text;
    return text;
  }

  private parse(): KubeObject {
    const layout = this.layout!;
    const object = this.parseWithoutOwnership(layout);
    if (object.metadata && layout.ownershipEnd > layout.versionAt) attachOwnership(object, this);
    return object;
  }

  private parseWithoutOwnership({ ownershipEnd, ascii }: Layout): KubeObject {
    return JSON.parse(utf8Of(this.textHead + this.stored!.slice(ownershipEnd), ascii)) as KubeObject;
  }
}

function utf8Of(text: string, ascii: boolean): string {
  return ascii ? text : Buffer.from(text, 'latin1').toString();
}

const layouts = new Map<number, Layout>();
const layoutsMax = 4_096;

/** Objects of one make have the same layout, so it is kept once for them. */
function layoutOf(layout: Layout): Layout {
  const key = (layout.versionAt * 2 ** 24 + layout.ownershipEnd) * 2 + (layout.ascii ? 1 : 0);
  const known = layouts.get(key);
  if (known) return known;
  if (layouts.size >= layoutsMax) layouts.clear();
  layouts.set(key, layout);
  return layout;
}

/**
 * The object as it is stored: kind, apiVersion and metadata first, in it the record of field ownership and the name,
 * without resourceVersion.
 */
export function storedValue(object: KubeObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, managedFields, name, ...others } = metadata ?? {};
  const owned = name === undefined ? '' : ownershipText(managedFields);
  const kept = name === undefined ? { managedFields, ...others } : { name, ...others };
  const head = JSON.stringify({ kind, apiVersion }).slice(0, -1);
  const below = JSON.stringify(rest);
  const tail = below === '{}' ? '}' : `,${below.slice(1)}`;
  return Buffer.from(
    `${head}${head === '{' ? '' : ','}${metadataOpening}${owned}${JSON.stringify(kept).slice(1)}${tail}`,
  );
}
