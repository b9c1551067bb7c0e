import { FieldSet, type FieldsV1 } from './field-set.ts';

/** Distinct texts of fieldsV1 that are remembered; objects of one make have the same one. */
export const internedFieldsMax = 1_024;

interface Forms {
  readonly text: string;
  set: FieldSet | undefined;
}

const byText = new Map<string, FieldsV1>();
const formsOf = new WeakMap<FieldsV1, Forms>();

/**
 * Who owns what is mostly the same for all objects that one program makes. So fieldsV1 is read once for each text, and
 * written by its text. What is answered is shared: nobody may change it.
 */
export function internedFields(text: string): FieldsV1 {
  let fields = byText.get(text);
  if (!fields) {
    fields = JSON.parse(text) as FieldsV1;
    if (byText.size >= internedFieldsMax) byText.clear();
    byText.set(text, fields);
    formsOf.set(fields, { text, set: undefined });
  }
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
