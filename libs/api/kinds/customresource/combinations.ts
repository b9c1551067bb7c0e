import type { V1JSONSchemaProps } from '../../gen/types.ts';
import { keyed, type Report, type Step } from '../../validation/report.ts';
import { isEmpty } from '../../validation/rule.ts';

/** What only the structure itself may say, not the combinations of schemas beside it; in upstream's order. */
const structuralOnly = [
  ...['type', 'additionalProperties', 'default', 'title', 'description', 'nullable'],
  ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string'],
  ...['x-kubernetes-list-map-keys', 'x-kubernetes-list-type', 'x-kubernetes-map-type', 'x-kubernetes-validations'],
] as const;

/** Words of JSON Schema that make no sense, or cost too much, where objects are pruned and defaulted. */
const refusedWords = ['id', 'additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref'] as const;

type Visit = (part: V1JSONSchemaProps, at: Report) => void;

/** A part of a schema; what is no object describes nothing. */
export function schemaOf(value: unknown): V1JSONSchemaProps | undefined {
  const isSchema = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isSchema ? (value as V1JSONSchemaProps) : undefined;
}

/** The schemas of what a value that a schema describes has inside: its fields, its items, its other members. */
export function childSchemas({ properties, items, additionalProperties }: V1JSONSchemaProps): V1JSONSchemaProps[] {
  const open = [schemaOf(items), schemaOf(additionalProperties)].filter((child) => child !== undefined);
  return [...Object.values(properties ?? {}), ...open];
}

function under(at: Report, steps: readonly Step[], run: () => void): void {
  for (const step of steps) at.enter(step);
  run();
  for (const _ of steps) at.leave();
}

/** `anyOf` as it must be written for values that are numbers or texts. */
function isNumberOrText(list: readonly V1JSONSchemaProps[] | undefined): boolean {
  if (list?.length !== 2) return false;
  const types = list.map((one) => (Object.keys(one).length === 1 ? one.type : undefined));
  return types[0] === 'integer' && types[1] === 'string';
}

/** Each schema that a part combines with others. `not` is one of them. */
function combined(part: V1JSONSchemaProps, at: Report, visit: Visit): void {
  const numberOrText = part['x-kubernetes-int-or-string'] === true;
  const each = (name: 'anyOf' | 'allOf' | 'oneOf') => {
    part[name]?.forEach((one, i) => {
      const { anyOf, ...rest } = one;
      const skips = name === 'allOf' && i === 0 && numberOrText && isNumberOrText(anyOf);
      under(at, [name, i], () => visit(skips ? rest : one, at));
    });
  };
  if (!(numberOrText && isNumberOrText(part.anyOf))) each('anyOf');
  each('allOf');
  each('oneOf');
  const { not } = part;
  if (not) under(at, ['not'], () => visit(not, at));
}

/** Schemas beside the structure may only restrict values. */
export function combinations(part: V1JSONSchemaProps, at: Report): void {
  combined(part, at, nested);
}

function nested(part: V1JSONSchemaProps, at: Report): void {
  combinations(part, at);
  const items = schemaOf(part.items);
  if (items) under(at, ['items'], () => nested(items, at));
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    under(at, ['properties', keyed(name)], () => nested(property, at));
  }
  for (const word of structuralOnly) {
    const value = part[word];
    const isSaid = word === 'default' || word === 'additionalProperties' ? value !== undefined : !isEmpty(value);
    if (isSaid && value !== false) at.forbidden('belongs to the structure', word);
  }
  if (part.properties?.metadata) at.forbidden('not in combinations', 'properties', keyed('metadata'));
}

/** What combinations speak of must be described by the structure. `at` stands at the part. */
export function completeness(part: V1JSONSchemaProps, at: Report): void {
  const path = at.path();
  combined(part, at, (one) => missing(one, part, path, at));
}

function missing(one: V1JSONSchemaProps, described: V1JSONSchemaProps | undefined, path: string, at: Report): void {
  if (!described) {
    at.errors.push({ field: path, reason: 'FieldValueRequired', message: 'combinations speak of it' });
    return;
  }
  for (const [name, property] of Object.entries(one.properties ?? {})) {
    const known = described.properties?.[name] ?? schemaOf(described.additionalProperties);
    if (!described['x-kubernetes-preserve-unknown-fields'] || known) {
      missing(property, known, `${path}.properties[${name}]`, at);
    }
  }
  const items = schemaOf(one.items);
  if (items) missing(items, schemaOf(described.items), `${path}.items`, at);
  for (const inner of [
    ...(one.anyOf ?? []),
    ...(one.allOf ?? []),
    ...(one.oneOf ?? []),
    ...(one.not ? [one.not] : []),
  ]) {
    missing(inner, described, path, at);
  }
}

/** Says which words of the schema are refused; with any, its structure cannot be told. */
export function refusals(part: V1JSONSchemaProps, at: Report): void {
  for (const word of refusedWords) {
    const value = part[word];
    if (word === 'definitions' || word === 'patternProperties' ? !isEmpty(value) : value !== undefined && value !== '')
      at.forbidden('is not supported', word);
  }
  if (Array.isArray(part.items)) at.forbidden('must be one schema', 'items');
  const items = schemaOf(part.items);
  if (items) under(at, ['items'], () => refusals(items, at));
  for (const [name, property] of Object.entries(part.properties ?? {})) {
    under(at, ['properties', keyed(name)], () => refusals(property, at));
  }
  const additional = schemaOf(part.additionalProperties);
  if (additional) under(at, ['additionalProperties'], () => refusals(additional, at));
  combined({ ...part, 'x-kubernetes-int-or-string': undefined }, at, refusals);
}
