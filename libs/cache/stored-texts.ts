import { isAscii } from 'node:buffer';
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

/**
 * The texts of values that this process has written, until somebody asks for them: usually the mirror, which is shown
 * these very bytes when they are stored. So the text that was made to be written is the one that is kept.
 */
const written = new WeakMap<Uint8Array, StoredTexts>();

export function textsOf(value: Uint8Array): StoredTexts {
  const known = written.get(value);
  if (known) {
    written.delete(value);
    return known;
  }
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const headEnd = bytes.indexOf(metadataOpening, 0, 'latin1') + metadataOpening.length;
  const form = formOf(bytes.toString('latin1', 0, headEnd), isAscii(bytes));
  const ownedEnd = ownershipEnd(bytes, headEnd);
  const owned = ownedEnd === undefined ? '' : ownershipRecords.ofBytes(bytes, headEnd, ownedEnd);
  return { form, owned, rest: bytes.toString('latin1', ownedEnd ?? headEnd) };
}

/** The bytes of a value whose parts are given as text. */
export function writtenValue(head: string, owned: string, rest: string): Buffer {
  const headBytes = Buffer.byteLength(head);
  const ownedBytes = Buffer.byteLength(owned);
  const bytes = headBytes + ownedBytes + Buffer.byteLength(rest);
  const value = roomFor(bytes);
  const ascii = bytes === head.length + owned.length + rest.length;
  const encoding = ascii ? 'latin1' : 'utf8';
  value.write(head, 0, encoding);
  value.write(owned, headBytes, encoding);
  value.write(rest, headBytes + ownedBytes, encoding);
  if (ascii) written.set(value, { form: formOf(head, true), owned: ownershipRecords.of(owned), rest });
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
