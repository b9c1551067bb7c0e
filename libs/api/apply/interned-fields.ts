import { FieldSet, type FieldsV1 } from './field-set.ts';

/**
 * Distinct texts of fieldsV1 that are remembered, twice over; objects of one make have the same one, but what names
 * addresses or keys of its own, as the status of a pod does, is met once and must not push out the others.
 */
export const internedFieldsMax = 1_024;

interface Forms {
  readonly text: string;
  set: FieldSet | undefined;
}

/** Texts that were met since the last change of generations, and those of the generation before. */
let byText = new Map<string, FieldsV1>();
let older = new Map<string, FieldsV1>();
const formsOf = new WeakMap<FieldsV1, Forms>();

/**
 * Who owns what is mostly the same for all objects that one program makes. So fieldsV1 is read once for each text, and
 * written by its text. What is answered is shared: nobody may change it.
 */
export function internedFields(text: string): FieldsV1 {
  const known = byText.get(text);
  if (known) return known;
  const met = older.get(text);
  const fields = met ?? (JSON.parse(text) as FieldsV1);
  if (!met) formsOf.set(fields, { text, set: undefined });
  if (byText.size >= internedFieldsMax) {
    older = byText;
    byText = new Map();
  }
  byText.set(text, fields);
  return fields;
}

/** Whether the fields came from internedFields, and so are as Kubernetes writes them. */
export function isInterned(fields: object): boolean {
  return formsOf.has(fields as FieldsV1);
}

/** The fields as JSON. */
export function textOfFields(fields: object): string {
  return formsOf.get(fields as FieldsV1)?.text ?? JSON.stringify(fields);
}

/** The fields as a set; its root is no member. */
export function setOfFields(fields: FieldsV1): FieldSet {
  const forms = formsOf.get(fields);
  if (forms?.set) return forms.set;
  const set = new FieldSet(false, FieldSet.fromFieldsV1(fields).children);
  if (forms) forms.set = set;
  return set;
}
