import type { TypeSchema, ValueSchema } from '../schema/types.ts';

/** Below the free JSON of custom resources, shapes are what the values say: maps merge by member, lists are one value. */
export const freeValue: ValueSchema = {
  kind: 'scalar',
  format: 'any',
  element: undefined,
  type: undefined,
  listType: 'atomic',
  listKeys: [],
  atomic: false,
};

/** How server-side apply treats a value here. */
export type Shape = 'leaf' | 'list' | 'members';

export type Members = Record<string, unknown>;

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function shapeOf(value: unknown, schema: ValueSchema): Shape {
  switch (schema.kind) {
    case 'scalar':
      return !schema.atomic && isMembers(value) ? 'members' : 'leaf';
    case 'list':
      return schema.listType === 'atomic' ? 'leaf' : 'list';
    default:
      return schema.atomic ? 'leaf' : 'members';
  }
}

/** The schema of a member; members of free JSON are free. Undefined where the type has no such field. */
export function memberSchema(schema: ValueSchema, name: string): ValueSchema | undefined {
  if (schema.kind === 'object') {
    const type = schema.type!;
    return type.fields.get(name) ?? (type.preservesUnknown ? freeValue : undefined);
  }
  return schema.kind === 'map' ? schema.element : freeValue;
}

/** Whether the member is a field that the type names, not an entry of a map. */
export function isNamedField(schema: ValueSchema, name: string): boolean {
  return schema.kind === 'object' && schema.type!.fields.has(name);
}

/** A type as the schema of a value of its own. */
export function rootSchema(type: TypeSchema): ValueSchema {
  return { ...freeValue, kind: 'object', format: 'string', type, atomic: false };
}

/** Nothing, an empty list or an empty object. */
export function isHollow(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== 'object') return false;
  for (const _ in value) return false;
  return true;
}
