import type { V1ManagedFieldsEntry } from '../api/gen/types.ts';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import { attachOwnership, endOfObject, type OwnershipSource, readOwnership } from './ownership-text.ts';
import { type Form, metadataOpening, takeOrigin, textsOf, type ValueParts } from './stored-texts.ts';
import { parsedForm } from './written-object.ts';

/**
 * One state of one object, as JSON bytes and as a parsed object. Each form is made at most once, from the other, when
 * somebody asks. Both are shared: nobody may change them. The bytes are kept as texts with one letter for each byte
 * ('latin1' to Node): such texts cost less memory than Buffers, and go into sockets and other Buffers as fast.
 */
export class Document implements OwnershipSource {
  private owners: V1ManagedFieldsEntry[] | undefined;
  /** The object that was written, until somebody asks for it or all who follow have been told. */
  private written: KubeObject | undefined;
  /** Whether `parsed` goes as soon as all who follow have been told: nobody has asked for more than a look. */
  private isPassing = false;

  private constructor(
    /** The store's revision; 0 for objects that were never stored (dry run, computed answers). */
    readonly revision: number,
    /** Of stored values: how they begin. Absent where `rest` has all the bytes. */
    private readonly form: Form | undefined,
    /** The record of field ownership, which comes next; objects written alike within a second share one. */
    private readonly owned: string,
    private rest: string | undefined,
    private parsed: KubeObject | undefined,
  ) {}

  /** From a stored value, which has no resourceVersion. */
  static ofValue(value: Uint8Array, revision: number): Document {
    const origin = takeOrigin(value);
    const { form, owned, rest } = origin?.texts ?? textsOf(value);
    const document = new Document(revision, form, owned, rest, undefined);
    const written = origin?.written;
    if (written?.isParsed) document.adopt(written.object);
    else document.written = written?.object;
    return document;
  }

  /** From a complete object. */
  static ofObject(object: KubeObject, revision = 0): Document {
    return new Document(revision, undefined, '', undefined, object);
  }

  /** The bytes, one letter each. */
  get text(): string {
    return this.form ? this.form.head + this.version + this.textTail : this.completeText;
  }

  /** A fresh copy of the bytes. */
  get bytes(): Buffer {
    return this.form ? Buffer.from(this.text, 'latin1') : Buffer.from(JSON.stringify(this.parsed));
  }

  /**
   * The bytes from `"metadata"` on, one letter each: what stands in a list behind the item's brace. They come in the
   * parts in which they are kept, because writing a joined text would copy all of it first.
   */
  get itemTexts(): readonly string[] {
    if (this.form) return [metadataOpening + this.version, this.owned, this.rest!];
    return [this.completeText.slice(this.completeText.indexOf(metadataOpening))];
  }

  /** `{…}`: the bytes of metadata, one letter each, in parts. */
  get metadataTexts(): readonly string[] {
    if (!this.form) {
      const text = this.completeText;
      const from = text.indexOf(metadataOpening) + metadataOpening.length - 1;
      return [text.slice(from, endOfObject(text, from))];
    }
    const rest = this.rest!;
    return [`{${this.version}`, this.owned, rest.slice(0, endOfObject(rest, 0, 1))];
  }

  /**
   * The metadata alone. Unless the object is parsed already, nothing else is and nothing is kept; it then lacks
   * managedFields.
   */
  get metadata(): Readonly<ObjectMeta> {
    const { known } = this;
    if (known || !this.form) return known?.metadata ?? {};
    const rest = this.rest!;
    return JSON.parse(utf8Of(`{${this.version}${rest.slice(0, endOfObject(rest, 0, 1))}`, this.form.ascii));
  }

  get labels(): Readonly<Record<string, string>> {
    return this.metadata.labels ?? {};
  }

  /**
   * Whether the object may have a member of this name at some depth, told without parsing it. Stored values write the
   * names of members without escapes.
   */
  mayHave(member: string): boolean {
    return this.parsed !== undefined || !this.form || this.rest!.includes(`"${member}":`);
  }

  get object(): KubeObject {
    this.isPassing = false;
    this.parsed ??= this.takeWritten() ?? this.parse();
    return this.parsed;
  }

  /** The parsed object for one use: it is not kept, unless somebody else keeps it already. */
  read(): KubeObject {
    return this.known ?? this.parse();
  }

  /** The parsed object for a look at it: it is kept only where it had to be parsed. */
  peek(): KubeObject {
    return this.known ?? this.object;
  }

  /** All who follow have been told of this state: the object that was written stays if one of them has asked for it. */
  settle(): void {
    this.written = undefined;
    if (this.isPassing) this.parsed = undefined;
    this.isPassing = false;
  }

  /** Forgets the parsed form of a state that has been followed by another: hardly anybody will ask for it again. */
  unparse(): void {
    if (this.form) [this.parsed, this.owners] = [undefined, undefined];
  }

  /** A private copy of the object, but for the entries' fieldsV1 in managedFields, which are shared. */
  copy(): KubeObject {
    const { form } = this;
    if (!form) return JSON.parse(this.completeUtf8) as KubeObject;
    const object = this.parseWithoutOwnership(form);
    if (object.metadata && this.owned !== '') object.metadata.managedFields = this.managedFields.slice();
    return object;
  }

  /** A private copy of the object without managedFields. */
  copyWithoutOwnership(): KubeObject {
    if (this.form && this.owned !== '') return this.parseWithoutOwnership(this.form);
    const object = this.copy();
    if (object.metadata?.managedFields) delete object.metadata.managedFields;
    return object;
  }

  /** Who owns which fields; of stored values that have such a record. */
  get managedFields(): V1ManagedFieldsEntry[] {
    this.owners ??= readOwnership(utf8Of(this.owned, this.form!.ascii));
    return this.owners;
  }

  /** The same state under another resourceVersion, as a deletion shows it. */
  at(revision: number): Document {
    if (revision === this.revision) return this;
    if (this.form) return this.storedAt(revision, this.form);
    const { metadata, ...rest } = this.object;
    const shown = { ...metadata, resourceVersion: String(revision) };
    const { kind, apiVersion, ...fields } = rest;
    return Document.ofObject({ kind, apiVersion, metadata: shown, ...fields } as KubeObject, revision);
  }

  /** Everything but the version is shared, so that nothing need be parsed again. */
  private storedAt(revision: number, form: Form): Document {
    const shown = new Document(revision, form, this.owned, this.rest, undefined);
    if (this.parsed) shown.adopt(unversioned(this.parsed));
    return shown;
  }

  /** The value as it is stored, if that is ASCII. `rest` begins in metadata, behind the record of field ownership. */
  get asciiValue(): ValueParts | undefined {
    return this.form?.ascii ? { head: this.form.head, owned: this.owned, rest: this.rest! } : undefined;
  }

  /**
   * What a stored value has behind its metadata, if that is ASCII, and these very sections in this order and no others;
   * undefined if not.
   */
  textBehindMetadata(sections: object): string | undefined {
    if (!this.form?.ascii || !this.parsed || !hasSections(this.parsed, sections)) return undefined;
    return this.rest!.slice(endOfObject(this.rest!, 0, 1));
  }

  /** The parsed object, where that takes no parsing. */
  private get known(): KubeObject | undefined {
    if (this.parsed || !this.written) return this.parsed;
    this.parsed = this.takeWritten();
    this.isPassing = true;
    return this.parsed;
  }

  private takeWritten(): KubeObject | undefined {
    const object = this.written && parsedForm(this.written, this.revision);
    this.written = undefined;
    if (object && this.owned !== '') attachOwnership(object, this);
    return object;
  }

  private get version(): string {
    return `"resourceVersion":"${this.revision}",`;
  }

  private get textTail(): string {
    return this.owned + this.rest!;
  }

  private get completeUtf8(): string {
    return JSON.stringify(this.parsed);
  }

  private get completeText(): string {
    const text = this.rest ?? Buffer.from(this.completeUtf8).toString('latin1');
    this.rest = text;
    return text;
  }

  /** Takes an object without resourceVersion and managedFields for its parsed form. */
  private adopt(object: KubeObject): void {
    if (object.metadata) object.metadata.resourceVersion = String(this.revision);
    if (object.metadata && this.owned !== '') attachOwnership(object, this);
    this.parsed = object;
  }

  private parse(): KubeObject {
    const object = this.parseWithoutOwnership(this.form!);
    if (object.metadata && this.owned !== '') attachOwnership(object, this);
    return object;
  }

  private parseWithoutOwnership({ head, ascii }: Form): KubeObject {
    return JSON.parse(utf8Of(head + this.version + this.rest!, ascii)) as KubeObject;
  }
}

const headNames = new Set(['kind', 'apiVersion', 'metadata']);

/** Whether an object has these sections, the same values in the same order, behind its metadata. */
function hasSections(object: KubeObject, sections: object): boolean {
  const [before, after] = [object, sections] as Array<Record<string, unknown>>;
  const names = Object.keys(after!);
  let found = 0;
  for (const name of Object.keys(before!)) {
    if (headNames.has(name)) continue;
    if (name !== names[found] || before![name] !== after![name]) return false;
    found++;
  }
  return found === names.length;
}

/** The object with metadata of its own, without resourceVersion, and without managedFields, which would have to be read for it. */
export function unversioned(object: KubeObject): KubeObject {
  const { metadata } = object;
  const own: Record<string, unknown> = {};
  for (const name in metadata) {
    if (name !== 'managedFields' && name !== 'resourceVersion') own[name] = metadata[name as keyof ObjectMeta];
  }
  return { ...object, metadata: own };
}

function utf8Of(text: string, ascii: boolean): string {
  return ascii ? text : Buffer.from(text, 'latin1').toString();
}
