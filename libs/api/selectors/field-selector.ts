import { StatusError } from '../../base/status.ts';

/** One condition on one field: equal to the value, or not. */
export interface FieldRequirement {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** Conditions that must all hold. */
export type FieldSelector = readonly FieldRequirement[];

function refuse(selector: string, why: string): never {
  throw new StatusError('BadRequest', `cannot read the field selector '${selector}': ${why}`);
}

/** `\,` `\=` and `\\` stand for the characters themselves. */
function withoutEscapes(selector: string, value: string): string {
  return value.replaceAll(/\\(.?)/g, (_, escaped: string) => {
    if (escaped === '' || !'\\,='.includes(escaped))
      refuse(selector, `'\\' stands before '${escaped}'; only \\, , and = are escaped`);
    return escaped;
  });
}

const term = /^((?:\\.|[^\\=!])*)(==|!=|=)((?:\\.|[^\\=])*)$/;

/**
 * Reads `metadata.name=a,status.phase!=Running`; an empty text selects everything.
 * @throws StatusError BadRequest that says what is wrong with it.
 */
export function parseFieldSelector(text: string): FieldSelector {
  if (/(?<!\\)(?:\\\\)*\\$/.test(text)) refuse(text, 'it ends with a single backslash');
  const terms = text.match(/(?:\\.|[^\\,])+/gs) ?? [];
  return terms.map((part) => {
    const match = term.exec(part);
    if (!match) refuse(text, `'${part}' is not of the form field=value or field!=value`);
    const [, field = '', operator, value = ''] = match;
    return { field: field.trim(), operator: operator === '!=' ? '!=' : '=', value: withoutEscapes(text, value.trim()) };
  });
}

/** Whether an object matches, given how its fields are read; a field that is not there is ''. */
export function matchesFields(selector: FieldSelector, read: (field: string) => string): boolean {
  for (const { field, operator, value } of selector) if ((read(field) === value) !== (operator === '=')) return false;
  return true;
}
