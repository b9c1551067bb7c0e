import type { FieldError } from '../../api/definition.ts';
import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { keyed, Report } from '../../api/validation/report.ts';
import { pattern as linearPattern } from '../../cel/functions/regex.ts';
import { itemsBefore, memberBefore } from './correlation.ts';
import { partOf } from './structural.ts';

/**
 * What is refused of a value by its schema, in the order of the schema. What stands as it stood in `previous` is let be:
 * a schema that has become stricter does not lock up the objects that were there before.
 */
export function schemaErrors(value: unknown, root: V1JSONSchemaProps, previous?: unknown): FieldError[] {
  const at = new Report();
  check({ value, before: previous }, root, at);
  return at.errors;
}

interface Pair {
  readonly value: unknown;
  /** What stood there before, where that can be told. */
  readonly before: unknown;
}

type Members = Record<string, unknown>;

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function hasType(value: unknown, part: V1JSONSchemaProps): boolean {
  const type = typeOf(value);
  if (part['x-kubernetes-int-or-string']) return type === 'integer' || type === 'string';
  if (part.type === undefined || part.type === '' || (value === null && part.nullable)) return true;
  return part.type === type || (part.type === 'number' && type === 'integer');
}

function check({ value, before }: Pair, part: V1JSONSchemaProps, at: Report): void {
  if (before !== undefined && sameValue(value, before)) return;
  const fits = hasType(value, part);
  if (!fits) at.typeInvalid(`must be of type ${part.type}: "${typeOf(value)}"`);
  if (part.enum && !part.enum.some((one) => sameValue(one, value))) at.notSupported(part.enum.map(String));
  if (!fits || value === null) return;
  if (typeof value === 'string') checkText(value, part, at);
  else if (typeof value === 'number') checkNumber(value, part, at);
  else if (Array.isArray(value)) checkList({ value, before }, part, at);
  else if (typeof value === 'object') checkObject({ value, before }, part, at);
}

const dateTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;
const date = /^\d{4}-\d{2}-\d{2}$/;

function checkText(value: string, part: V1JSONSchemaProps, at: Report): void {
  const letters = [...value].length;
  if (part.maxLength !== undefined && letters > part.maxLength) at.tooLong(part.maxLength);
  if (part.minLength !== undefined && letters < part.minLength)
    at.invalid(`must be at least ${part.minLength} letters`);
  if (part.pattern !== undefined && !matches(part.pattern, value)) at.invalid(`must match ${part.pattern}`);
  if (part.format === 'date-time' && !dateTime.test(value)) at.typeInvalid('must be of type date-time');
  if (part.format === 'date' && !date.test(value)) at.typeInvalid('must be of type date');
}

/** In time that grows with the text alone. Patterns that the engine does not know constrain nothing. */
function matches(pattern: string, value: string): boolean {
  try {
    return linearPattern(pattern).matcher(value).find();
  } catch {
    return true;
  }
}

function checkNumber(value: number, part: V1JSONSchemaProps, at: Report): void {
  const { minimum, maximum, multipleOf } = part;
  if (minimum !== undefined && (part.exclusiveMinimum ? value <= minimum : value < minimum)) {
    at.invalid(`should be greater than ${part.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  }
  if (maximum !== undefined && (part.exclusiveMaximum ? value >= maximum : value > maximum)) {
    at.invalid(`should be less than ${part.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) at.invalid(`should be a multiple of ${multipleOf}`);
}

function checkList({ value, before }: Pair, part: V1JSONSchemaProps, at: Report): void {
  const list = value as readonly unknown[];
  const beforeOf = itemsBefore(before, part);
  if (part.maxItems !== undefined && list.length > part.maxItems) at.tooMany(part.maxItems);
  if (part.minItems !== undefined && list.length < part.minItems)
    at.invalid(`should have at least ${part.minItems} items`);
  const items = partOf(part.items);
  const seen = new Set<string>();
  list.forEach((item, index) => {
    const identity = identityOf(item, part);
    if (identity !== undefined && seen.has(identity)) at.duplicate(item, index);
    if (identity !== undefined) seen.add(identity);
    if (!items) return;
    at.enter(index);
    check({ value: item, before: beforeOf(item) }, items, at);
    at.leave();
  });
}

function identityOf(item: unknown, part: V1JSONSchemaProps): string | undefined {
  if (part['x-kubernetes-list-type'] === 'set') return JSON.stringify(item);
  if (part['x-kubernetes-list-type'] !== 'map' || typeof item !== 'object' || item === null) return undefined;
  return JSON.stringify((part['x-kubernetes-list-map-keys'] ?? []).map((key) => (item as Members)[key]));
}

function checkObject({ value, before }: Pair, part: V1JSONSchemaProps, at: Report): void {
  const members = value as Members;
  const count = Object.keys(members).length;
  if (part.maxProperties !== undefined && count > part.maxProperties) at.tooMany(part.maxProperties);
  if (part.minProperties !== undefined && count < part.minProperties) {
    at.invalid(`should have at least ${part.minProperties} properties`);
  }
  for (const name of part.required ?? []) if (members[name] === undefined) at.required('', name);
  for (const [name, below] of Object.entries(part.properties ?? {})) {
    if (members[name] === undefined || name === 'metadata') continue;
    at.enter(name);
    check({ value: members[name], before: memberBefore(before, name, part) }, below, at);
    at.leave();
  }
  const additional = partOf(part.additionalProperties);
  if (!additional) return;
  for (const [name, item] of Object.entries(members)) {
    if (part.properties?.[name]) continue;
    at.enter(keyed(name));
    check({ value: item, before: memberBefore(before, name, part) }, additional, at);
    at.leave();
  }
}
