import type { KubeObject } from '../api/meta.ts';

const metadataOpening = '"metadata":{';
/** kind and apiVersion come first in every stored value, so metadata opens near the start. */
const encoder = new TextEncoder();

/**
 * One state of one object, as JSON bytes and as a parsed object. Each form is made at most once, from the other, when
 * somebody asks. Both are shared: nobody may change them.
 */
export class Document {
  private constructor(
    /** The store's revision; 0 for objects that were never stored (dry run, computed answers). */
    readonly revision: number,
    private json: Buffer | undefined,
    private parsed: KubeObject | undefined,
  ) {}

  /** From a stored value, which has no resourceVersion: it is spliced in here, once. */
  static ofValue(value: Uint8Array, revision: number): Document {
    return new Document(revision, withResourceVersion(value, revision), undefined);
  }

  /** From bytes that are complete as they stand. */
  static ofBytes(bytes: Buffer, revision = 0): Document {
    return new Document(revision, bytes, undefined);
  }

  /** From a complete object. */
  static ofObject(object: KubeObject, revision = 0): Document {
    return new Document(revision, undefined, object);
  }

  get bytes(): Buffer {
    this.json ??= Buffer.from(JSON.stringify(this.parsed));
    return this.json;
  }

  get object(): KubeObject {
    this.parsed ??= JSON.parse(this.json!.toString()) as KubeObject;
    return this.parsed;
  }

  /** The parsed object for one use: it is not kept, unless somebody else keeps it already. */
  read(): KubeObject {
    return this.parsed ?? (JSON.parse(this.json!.toString()) as KubeObject);
  }

  /** The bytes from `"metadata"` on: what stands in a list after the item's opening brace. */
  get itemBytes(): Buffer {
    const start = this.bytes.indexOf(metadataOpening);
    return this.bytes.subarray(start);
  }

  /** The same state under another resourceVersion, as a deletion shows it. */
  at(revision: number): Document {
    if (revision === this.revision) return this;
    const text = `"resourceVersion":"${this.revision}",`;
    const start = this.bytes.indexOf(text);
    const replaced = Buffer.concat([
      this.bytes.subarray(0, start),
      encoder.encode(`"resourceVersion":"${revision}",`),
      this.bytes.subarray(start + text.length),
    ]);
    return new Document(revision, replaced, undefined);
  }
}

/** The value with `metadata.resourceVersion` as metadata's first field. */
function withResourceVersion(value: Uint8Array, revision: number): Buffer {
  const source = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const at = source.indexOf(metadataOpening) + metadataOpening.length;
  const field = `"resourceVersion":"${revision}",`;
  const joined = Buffer.allocUnsafeSlow(source.length + field.length);
  source.copy(joined, 0, 0, at);
  joined.write(field, at, 'latin1');
  source.copy(joined, at + field.length, at);
  return joined;
}

/** The object as it is stored: kind, apiVersion and metadata first, without resourceVersion. */
export function storedValue(object: KubeObject): Buffer {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { resourceVersion: _, ...kept } = metadata ?? {};
  return Buffer.from(JSON.stringify({ kind, apiVersion, metadata: kept, ...rest }));
}
