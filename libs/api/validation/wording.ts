import type { FieldError } from '../definition.ts';

/** How each reason opens; programs and people look for these words. Source: Kubernetes API conventions, field errors. */
const openings: Record<FieldError['reason'], string> = {
  FieldValueRequired: 'Required value',
  FieldValueInvalid: 'Invalid value',
  FieldValueTypeInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueNotFound: 'Not found',
  InternalError: 'Internal error',
};

const showsValue = new Set<FieldError['reason']>([
  'FieldValueInvalid',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
  'FieldValueDuplicate',
  'FieldValueNotFound',
]);

/** A value in a message is cut after this many characters. */
const shownCharactersMax = 200;

/** The errors as clients know them: `Invalid value: "foo-": why`, with the value that `object` has at the field. */
export function worded(errors: readonly FieldError[], object: object): FieldError[] {
  return errors.map(({ hidesValue, ...error }) => {
    const value = showsValue.has(error.reason) && !hidesValue ? valueAt(object, error.field) : undefined;
    const shown = value === undefined ? '' : `: ${shorten(JSON.stringify(value))}`;
    return { ...error, message: `${openings[error.reason]}${shown}: ${error.message}` };
  });
}

/** What stands at a path such as `spec.containers[0].resources.limits[cpu]`. */
function valueAt(object: object, path: string): unknown {
  let value: unknown = object;
  for (const [, name, key] of path.matchAll(/([^.[\]]+)|\[([^\]]*)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[name ?? key ?? ''];
  }
  return value;
}

function shorten(text: string): string {
  return text.length <= shownCharactersMax ? text : `${text.slice(0, shownCharactersMax)}...`;
}
