import type { V1JSONSchemaProps } from '../gen/types.ts';
import { schema as builtin } from './schema.ts';
import type { FieldSchema, GroupVersionKind, ListType, ScalarFormat, TypeSchema, ValueSchema } from './types.ts';

/** A structural schema of a custom resource, as CustomResourceDefinitions carry it (apiextensions.k8s.io/v1). */
export type StructuralSchema = V1JSONSchemaProps;

const none: readonly string[] = [];

interface Traits {
  kind: ValueSchema['kind'];
  format?: ScalarFormat;
  element?: ValueSchema;
  type?: TypeSchema;
  listType?: ListType;
  listKeys?: readonly string[];
  atomic?: boolean;
}

function schemaWith(traits: Traits): ValueSchema {
  return {
    kind: traits.kind,
    format: traits.format ?? 'string',
    element: traits.element,
    type: traits.type,
    listType: traits.listType ?? 'atomic',
    listKeys: traits.listKeys ?? none,
    atomic: traits.atomic ?? traits.kind === 'scalar',
  };
}

/** Free JSON: kept as it is, merged member by member. */
const free: ValueSchema = schemaWith({ kind: 'scalar', format: 'any', atomic: false });

const scalarFormats: Readonly<Record<string, ScalarFormat>> = {
  string: 'string',
  boolean: 'boolean',
  integer: 'int64',
  number: 'double',
};

const asSchema = (value: unknown): StructuralSchema | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as StructuralSchema) : undefined;

function listOf(of: StructuralSchema): ValueSchema {
  const listType = of['x-kubernetes-list-type'];
  return schemaWith({
    kind: 'list',
    element: structuralValue(asSchema(of.items) ?? {}),
    listType: listType === 'map' || listType === 'set' ? listType : 'atomic',
    listKeys: of['x-kubernetes-list-map-keys'] ?? none,
  });
}

function objectOf(of: StructuralSchema): ValueSchema {
  const atomic = of['x-kubernetes-map-type'] === 'atomic';
  const preserves =
    of['x-kubernetes-preserve-unknown-fields'] === true || of['x-kubernetes-embedded-resource'] === true;
  const rest = asSchema(of.additionalProperties);
  if (rest) return schemaWith({ kind: 'map', element: structuralValue(rest), atomic });
  const isFree = of.additionalProperties === true || (preserves && !of.properties);
  if (isFree && !of['x-kubernetes-embedded-resource']) return { ...free, atomic };
  const embedded = of['x-kubernetes-embedded-resource'] ? identityFields() : [];
  const type = typeOf('', [...embedded, ...propertyFields(of)], { atomic, preservesUnknown: preserves });
  return schemaWith({ kind: 'object', type, atomic });
}

/** How values of a structural schema are read, pruned, merged and owned. */
export function structuralValue(of: StructuralSchema): ValueSchema {
  if (of['x-kubernetes-int-or-string']) return schemaWith({ kind: 'scalar', format: 'int-or-string' });
  if (of.type === 'array') return listOf(of);
  if (of.type === 'object' || of.properties) return objectOf(of);
  const format = scalarFormats[of.type ?? ''];
  return format ? schemaWith({ kind: 'scalar', format }) : free;
}

function fieldOf(name: string, value: ValueSchema, of: StructuralSchema & { isRequired?: boolean }): FieldSchema {
  return {
    ...value,
    name,
    required: of.isRequired === true,
    zero: 'kept',
    nullable: of.nullable === true,
    patchStrategies: [],
    mergeKey: undefined,
    default: of.default,
  };
}

function propertyFields(of: StructuralSchema): FieldSchema[] {
  return Object.entries(of.properties ?? {}).map(([name, property]) => {
    const isRequired = of.required?.includes(name) === true;
    return fieldOf(name, structuralValue(property), { ...property, isRequired });
  });
}

/** What every object has: the schema of a definition need not say it, and cannot say it otherwise. */
function identityFields(): FieldSchema[] {
  const pod = builtin.type('V1Pod').fields;
  return ['apiVersion', 'kind', 'metadata'].map((name) => pod.get(name)!);
}

function typeOf(
  name: string,
  fields: readonly FieldSchema[],
  traits: { atomic: boolean; preservesUnknown: boolean },
): TypeSchema {
  // The first field of a name counts: identity is not the definition's to describe.
  const byName = new Map([...fields].reverse().map((field) => [field.name, field]));
  return {
    name,
    definition: name,
    fields: byName,
    always: [...byName.values()].filter((field) => field.zero === 'always'),
    ...traits,
  };
}

/** The OpenAPI definition of a custom kind: `org.example.v1.Widget` for Widget in example.org/v1. */
export function customDefinition({ group, version, kind }: GroupVersionKind): string {
  return `${group.split('.').reverse().join('.')}.${version}.${kind}`;
}

/**
 * The type of a custom resource, for everything that built-in types are used for: decoding and pruning, patches,
 * server-side apply. Without a schema everything is kept.
 */
export function structuralType(gvk: GroupVersionKind, of: StructuralSchema | undefined): TypeSchema {
  const preservesUnknown = of === undefined || of['x-kubernetes-preserve-unknown-fields'] === true;
  const fields = [...identityFields(), ...(of ? propertyFields(of) : [])];
  return typeOf(customDefinition(gvk), fields, { atomic: false, preservesUnknown });
}

type Members = Record<string, unknown>;

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a property is to take its default: it is missing, or null where null is not allowed. */
function wantsDefault(value: unknown, of: StructuralSchema): boolean {
  return of.default !== undefined && (value === undefined || (value === null && of.nullable !== true));
}

/**
 * Sets the defaults of a structural schema in a value, in place: outside first, so that a default object gets the
 * defaults of its own members.
 */
export function setStructuralDefaults(value: unknown, of: StructuralSchema): void {
  if (Array.isArray(value)) {
    const items = asSchema(of.items);
    if (items) for (const item of value) setStructuralDefaults(item, items);
    return;
  }
  if (!isMembers(value)) return;
  for (const [name, property] of Object.entries(of.properties ?? {})) {
    if (wantsDefault(value[name], property)) value[name] = JSON.parse(JSON.stringify(property.default));
    if (value[name] !== undefined) setStructuralDefaults(value[name], property);
  }
  const rest = asSchema(of.additionalProperties);
  if (!rest) return;
  for (const name of Object.keys(value)) {
    if (wantsDefault(value[name], rest)) value[name] = JSON.parse(JSON.stringify(rest.default));
    setStructuralDefaults(value[name], rest);
  }
}
