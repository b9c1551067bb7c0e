import type { FieldError } from '../../api/definition.ts';
import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { schemaOf } from '../../api/kinds/customresource/combinations.ts';
import { isMembers, type Members } from '../../api/patch/json-value.ts';
import { sameValue } from '../../api/validation/equality.ts';
import { Report } from '../../api/validation/report.ts';
import { pattern as linearPattern } from '../../cel/functions/regex.ts';
import { itemsBefore, memberBefore } from './correlation.ts';
import { checkEmbedded } from './embedded.ts';
import { hasFormat } from './formats.ts';

/**
 * What is refused of a value by its schema, in the order of the schema. What stands as it stood in `previous` is let be:
 * a schema that has become stricter does not lock up the objects that were there before.
 */
export function schemaErrors(value: unknown, root: V1JSONSchemaProps, previous?: unknown): FieldError[] {
  const at = new Report();
  check({ value, before: previous }, root, at);
  checkEmbedded(value, root, at);
  return at.errors;
}

/** What is said of a value without its place, as upstream does for combinations of schemas and kinds of numbers. */
function unplaced(at: Report, message: string): void {
  at.errors.push({ field: '<nil>', reason: 'FieldValueInvalid', message });
}

interface Pair {
  readonly value: unknown;
  /** What stood there before, where that can be told. */
  readonly before: unknown;
}

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

/** @returns how much was found to be as it should, by which the nearest of several schemas is told. */
function check({ value, before }: Pair, part: V1JSONSchemaProps, at: Report): number {
  if (before !== undefined && sameValue(value, before)) return 1;
  const fits = hasType(value, part);
  if (!fits) {
    at.typeInvalid(`must be of type ${part.type}: "${typeOf(value)}"`);
    if (part.type === 'integer' && typeof value === 'number') unplaced(at, 'must be a whole number');
  }
  let matched = combined({ value, before }, part, at);
  if (fits && typeof value === 'string') checkText(value, part, at);
  else if (fits && typeof value === 'number') matched += checkNumber(value, part, at);
  else if (fits && Array.isArray(value)) matched += checkList({ value, before }, part, at);
  if (part.enum && !part.enum.some((one) => sameValue(one, value))) at.notSupported(part.enum.map(String));
  if (fits && isMembers(value)) matched += checkObject({ value, before }, part, at);
  return matched + 1;
}

interface Trial {
  readonly errors: readonly FieldError[];
  readonly matched: number;
}

/** What a schema would refuse, without refusing it yet. */
function trial(pair: Pair, part: V1JSONSchemaProps, at: Report): Trial {
  const start = at.count;
  const matched = check(pair, part, at);
  return { errors: at.errors.splice(start), matched };
}

/** Of the schemas that failed, the one that came nearest. */
function nearest(trials: readonly Trial[]): readonly FieldError[] {
  const [first, ...others] = trials;
  return others.reduce((best, one) => (one.matched > best!.matched ? one : best), first)?.errors ?? [];
}

/** The combinations of schemas. Source: JSON Schema's anyOf, oneOf, allOf and not. */
function combined(pair: Pair, part: V1JSONSchemaProps, at: Report): number {
  const tried = (list: readonly V1JSONSchemaProps[] | undefined) => list?.map((one) => trial(pair, one, at)) ?? [];
  const sound = (trials: readonly Trial[]) => trials.filter(({ errors }) => errors.length === 0).length;
  const any = tried(part.anyOf);
  if (any.length > 0 && sound(any) === 0) {
    unplaced(at, 'must validate at least one schema (anyOf)');
    at.errors.push(...nearest(any));
  }
  const one = tried(part.oneOf);
  if (one.length > 0 && sound(one) !== 1) {
    unplaced(at, 'must validate one and only one schema (oneOf)');
    if (sound(one) === 0) at.errors.push(...nearest(one));
  }
  const all = tried(part.allOf);
  for (const { errors } of all) at.errors.push(...errors);
  if (sound(all) < all.length) unplaced(at, 'must validate all the schemas (allOf)');
  if (part.not && trial(pair, part.not, at).errors.length === 0) unplaced(at, 'must not validate the schema (not)');
  return [...any, ...one, ...all].reduce((sum, { matched }) => sum + matched, 0);
}

function checkText(value: string, part: V1JSONSchemaProps, at: Report): void {
  const letters = [...value].length;
  if (part.maxLength !== undefined && letters > part.maxLength) at.tooLong(part.maxLength);
  if (part.minLength !== undefined && letters < part.minLength)
    at.invalid(`must be at least ${part.minLength} letters`);
  if (part.pattern !== undefined && !matches(part.pattern, value)) at.invalid(`must match ${part.pattern}`);
  if (!hasFormat(value, part.format)) at.typeInvalid(`must be of type ${part.format}`);
}

/** In time that grows with the text alone. Patterns that the engine does not know constrain nothing. */
function matches(pattern: string, value: string): boolean {
  try {
    return linearPattern(pattern).matcher(value).find();
  } catch {
    return true;
  }
}

/** Numbers are looked at once more than other values: by what kind of number they are. */
function checkNumber(value: number, part: V1JSONSchemaProps, at: Report): number {
  const { minimum, maximum, multipleOf } = part;
  if (minimum !== undefined && (part.exclusiveMinimum ? value <= minimum : value < minimum)) {
    at.invalid(`should be greater than ${part.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  }
  if (maximum !== undefined && (part.exclusiveMaximum ? value >= maximum : value > maximum)) {
    at.invalid(`should be less than ${part.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) at.invalid(`should be a multiple of ${multipleOf}`);
  if (part.format === 'int32' && (value | 0) !== value) unplaced(at, 'must be of type integer with format int32');
  return 1;
}

function checkList({ value, before }: Pair, part: V1JSONSchemaProps, at: Report): number {
  let matched = 0;
  const list = value as readonly unknown[];
  const beforeOf = itemsBefore(before, part);
  if (part.maxItems !== undefined && list.length > part.maxItems) at.tooMany(part.maxItems);
  if (part.minItems !== undefined && list.length < part.minItems)
    at.invalid(`should have at least ${part.minItems} items`);
  const items = schemaOf(part.items);
  const seen = new Set<string>();
  list.forEach((item, index) => {
    const identity = identityOf(item, part);
    if (identity !== undefined && seen.has(identity)) at.duplicate(item, index);
    if (identity !== undefined) seen.add(identity);
    if (!items) return;
    at.enter(index);
    matched += check({ value: item, before: beforeOf(item) }, items, at);
    at.leave();
  });
  return matched;
}

function identityOf(item: unknown, part: V1JSONSchemaProps): string | undefined {
  if (part['x-kubernetes-list-type'] === 'set') return JSON.stringify(item);
  if (part['x-kubernetes-list-type'] !== 'map' || typeof item !== 'object' || item === null) return undefined;
  return JSON.stringify((part['x-kubernetes-list-map-keys'] ?? []).map((key) => (item as Members)[key]));
}

function checkObject({ value, before }: Pair, part: V1JSONSchemaProps, at: Report): number {
  let matched = 0;
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
    matched += check({ value: members[name], before: memberBefore(before, name, part) }, below, at);
    at.leave();
  }
  const additional = schemaOf(part.additionalProperties);
  if (!additional) return matched;
  for (const [name, item] of Object.entries(members)) {
    if (part.properties?.[name]) continue;
    at.enter(name);
    matched += check({ value: item, before: memberBefore(before, name, part) }, additional, at);
    at.leave();
  }
  return matched;
}
