import { isAscii } from 'node:buffer';
import type { KubeObject } from '../api/meta.ts';
import { ownershipEnd } from './ownership-text.ts';
import { SharedTexts } from './shared-texts.ts';

/** kind and apiVersion come first in every stored value, so metadata opens near the start. */
export const metadataOpening = '"metadata":{';

/** What the stored values of one kind have in common; kept once for all of them. */
export interface Form {
  /** Up to the opening of metadata, behind which resourceVersion is written: the value itself has none. */
  readonly head: string;
  readonly ascii: boolean;
}

/** A stored value by its parts, as texts with one letter for each byte ('latin1' to Node). */
export interface StoredTexts {
  readonly form: Form;
  /** The record of field ownership, which comes next; objects written alike within a second share one. */
  readonly owned: string;
  readonly rest: string;
}

const ownershipRecordsMax = 1_024;
const ownershipRecords = new SharedTexts(ownershipRecordsMax);

/** The object of a value that this process has made. */
export interface WrittenObject {
  readonly object: KubeObject;
  /** Whether it is what parsing makes of the value, but for resourceVersion and managedFields, which it lacks. */
  readonly isParsed: boolean;
}

/** What is known of such a value, beside its bytes: the text that was made to be written is the one that is kept. */
export interface Origin {
  readonly texts: StoredTexts | undefined;
  readonly written: WrittenObject | undefined;
}

const origin = Symbol('origin');

/** Origins stand on the values themselves: a WeakMap of them would cost each collection of garbage, too. */
interface Value extends Uint8Array {
  [origin]?: Origin;
}

/** What is known of a value. It is told once: usually to the mirror, which is shown these very bytes once they are stored. */
export function takeOrigin(value: Value): Origin | undefined {
  const known = value[origin];
  if (known) value[origin] = undefined;
  return known;
}

/** The texts of a value of which nothing is known but its bytes. */
export function textsOf(value: Uint8Array): StoredTexts {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const headEnd = bytes.indexOf(metadataOpening, 0, 'latin1') + metadataOpening.length;
  const form = formOf(bytes.toString('latin1', 0, headEnd), isAscii(bytes));
  const ownedEnd = ownershipEnd(bytes, headEnd);
  const owned = ownedEnd === undefined ? '' : ownershipRecords.ofBytes(bytes, headEnd, ownedEnd);
  return { form, owned, rest: bytes.toString('latin1', ownedEnd ?? headEnd) };
}

/** A value as text. */
export interface ValueParts {
  readonly head: string;
  readonly owned: string;
  readonly rest: string;
}

/** The bytes of a value whose parts are given as text, and which is to be shown as `written` to those who follow. */
export function writtenValue({ head, owned, rest }: ValueParts, written?: WrittenObject): Buffer {
  const headBytes = Buffer.byteLength(head);
  const ownedBytes = Buffer.byteLength(owned);
  const bytes = headBytes + ownedBytes + Buffer.byteLength(rest);
  const value: Buffer & Value = roomFor(bytes);
  const ascii = bytes === head.length + owned.length + rest.length;
  const encoding = ascii ? 'latin1' : 'utf8';
  value.write(head, 0, encoding);
  value.write(owned, headBytes, encoding);
  value.write(rest, headBytes + ownedBytes, encoding);
  const texts = ascii ? { form: formOf(head, true), owned: ownershipRecords.of(owned), rest } : undefined;
  value[origin] = { texts, written };
  return value;
}

/** Values are written one behind the other into memory of this size: they die together, too. */
const slabBytes = 64 * 1024;
let slab = Buffer.alloc(0);
let slabUsed = 0;

function roomFor(bytes: number): Buffer {
  if (bytes > slabBytes / 4) return Buffer.allocUnsafe(bytes);
  if (slabUsed + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  slabUsed += bytes;
  return slab.subarray(slabUsed - bytes, slabUsed);
}

const forms = { ascii: new Map<string, Form>(), other: new Map<string, Form>() };
const formsMax = 4_096;

function formOf(head: string, ascii: boolean): Form {
  const known = ascii ? forms.ascii : forms.other;
  const found = known.get(head);
  if (found) return found;
  if (known.size >= formsMax) known.clear();
  const form = { head, ascii };
  known.set(head, form);
  return form;
}
