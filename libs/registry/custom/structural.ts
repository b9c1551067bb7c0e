import { freeValue } from '../../api/apply/walk.ts';
import type { V1JSONSchemaProps } from '../../api/gen/types.ts';
import { childSchemas, schemaOf } from '../../api/kinds/customresource/combinations.ts';
import { schema } from '../../api/schema/schema.ts';
import type { FieldSchema, ListType, TypeSchema, ValueSchema } from '../../api/schema/types.ts';

/** Validation tells wrong types of custom fields with their paths; reading takes them as they are. */
const scalar = freeValue;

const listTypes: ReadonlySet<string> = new Set<ListType>(['map', 'set', 'atomic']);

/** The structural schema of a custom kind in the form in which built-in types are read, merged and owned. */
export function structuralType(name: string, root: V1JSONSchemaProps): TypeSchema {
  return withHead(objectType(name, root), 'always');
}

/** The type with the fields that every object has: of a kind's root, and of whole objects inside of others. */
function withHead(type: TypeSchema, zero: FieldSchema['zero']): TypeSchema {
  const fields = new Map(type.fields);
  for (const head of ['apiVersion', 'kind']) fields.set(head, fieldOf(head, { ...scalar, format: 'string' }));
  const metadata: ValueSchema = { ...scalar, kind: 'object', format: 'string', type: schema.type('V1ObjectMeta') };
  fields.set('metadata', { ...fieldOf('metadata', metadata), zero });
  return { ...type, fields };
}

function objectType(name: string, part: V1JSONSchemaProps): TypeSchema {
  const fields = Object.entries(part.properties ?? {}).map(([field, below]) => {
    return [field, fieldOf(field, valueSchema(`${name}.${field}`, below))] as const;
  });
  return {
    name,
    definition: name,
    fields: new Map(fields),
    always: [],
    atomic: part['x-kubernetes-map-type'] === 'atomic',
    preservesUnknown: part['x-kubernetes-preserve-unknown-fields'] === true,
  };
}

function fieldOf(name: string, value: ValueSchema): FieldSchema {
  return {
    ...value,
    name,
    required: false,
    nullable: true,
    zero: 'kept',
    patchStrategies: [],
    mergeKey: undefined,
    default: undefined,
  };
}

function valueSchema(name: string, part: V1JSONSchemaProps): ValueSchema {
  if (part.type === 'array') return listOf(name, part);
  if (part.type !== 'object') return scalar;
  const additional = schemaOf(part.additionalProperties);
  const atomic = part['x-kubernetes-map-type'] === 'atomic';
  if (additional) return { ...scalar, kind: 'map', element: valueSchema(name, additional), atomic };
  if (part.additionalProperties === true) return { ...scalar, kind: 'map', element: scalar, atomic };
  const own = objectType(name, part);
  const type = part['x-kubernetes-embedded-resource'] ? withHead(own, 'kept') : own;
  return { ...scalar, kind: 'object', type, atomic };
}

function listOf(name: string, part: V1JSONSchemaProps): ValueSchema {
  const given = part['x-kubernetes-list-type'] ?? 'atomic';
  const listType = listTypes.has(given) ? (given as ListType) : 'atomic';
  const listKeys = part['x-kubernetes-list-map-keys'] ?? [];
  const items = schemaOf(part.items);
  const element = items ? valueSchema(`${name}[]`, items) : scalar;
  return { ...scalar, kind: 'list', element, listType, listKeys };
}

type Members = Record<string, unknown>;

const isEmptyNull = (value: unknown, part: V1JSONSchemaProps) => value === null && part.nullable !== true;

/**
 * Fills in the defaults of a schema, in place, wherever the value around them stands. A null where there can be none is
 * as good as nothing.
 */
export function setSchemaDefaults(value: unknown, part: V1JSONSchemaProps): void {
  if (Array.isArray(value)) {
    const items = schemaOf(part.items);
    if (items) for (const item of value) setSchemaDefaults(item, items);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const members = value as Members;
  for (const [name, below] of Object.entries(part.properties ?? {})) {
    const empty = members[name] === undefined || isEmptyNull(members[name], below);
    if (empty && below.default !== undefined) members[name] = structuredClone(below.default);
    else if (empty) delete members[name];
    setSchemaDefaults(members[name], below);
  }
  const additional = schemaOf(part.additionalProperties);
  if (!additional) return;
  for (const [name, item] of Object.entries(members)) {
    if (part.properties?.[name]) continue;
    if (isEmptyNull(item, additional)) delete members[name];
    else setSchemaDefaults(item, additional);
  }
}

/** Whether a schema has a default anywhere. */
export function hasDefaults(part: V1JSONSchemaProps): boolean {
  return childSchemas(part).some((child) => child.default !== undefined || hasDefaults(child));
}

/** Whether a default of the schema would change the value. */
export function lacksDefaults(value: unknown, part: V1JSONSchemaProps): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    const items = schemaOf(part.items);
    return items !== undefined && value.some((item) => lacksDefaults(item, items));
  }
  const members = value as Members;
  const additional = schemaOf(part.additionalProperties);
  if (additional && Object.values(members).some((item) => lacksDefaults(item, additional))) return true;
  return Object.entries(part.properties ?? {}).some(([name, below]) => {
    return members[name] === undefined ? below.default !== undefined : lacksDefaults(members[name], below);
  });
}
