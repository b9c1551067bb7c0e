import type { FieldSchema, TypeSchema, ValueSchema } from '../schema/types.ts';

const zeroScalars = {
  string: '',
  boolean: false,
  int32: 0,
  int64: 0,
  double: 0,
  time: null,
  'micro-time': null,
  byte: null,
  quantity: '0',
  'int-or-string': 0,
  any: null,
} as const;

/** What a field that is always written shows when nothing was given. */
export function zeroOf(schema: ValueSchema): unknown {
  if (schema.kind === 'scalar') return zeroScalars[schema.format];
  if (schema.type === undefined) return null;
  const value: Record<string, unknown> = {};
  for (const field of schema.type.always) value[field.name] = zeroOf(field);
  return value;
}

/** Whether a value is one that a field with the rule `dropped` leaves out. */
export function isDropped(value: unknown, field: FieldSchema): boolean {
  if (field.zero !== 'dropped') return false;
  if (value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (field.kind !== 'map') return false;
  for (const _ in value as object) return false;
  return true;
}

/**
 * Lists at the top of an object or one below that are always written and have nothing in them, such as the rules of a
 * role or the limits of a range: who says so owns the field, but what is kept is the same as if nobody had. To be called
 * once ownership has been recorded.
 */
export function forgetEmptyLists(object: object, type: TypeSchema): void {
  const members = object as Record<string, unknown>;
  forgetIn(members, type);
  for (const { name, part } of partsWithLists(type)) {
    const inner = members[name];
    if (typeof inner === 'object' && inner !== null) forgetIn(inner as Record<string, unknown>, part);
  }
}

function forgetIn(members: Record<string, unknown>, type: TypeSchema): void {
  for (const { kind, name } of type.always) {
    const value = kind === 'list' ? members[name] : undefined;
    if (Array.isArray(value) && value.length === 0) members[name] = null;
  }
}

interface Part {
  readonly name: string;
  readonly part: TypeSchema;
}

const knownParts = new WeakMap<TypeSchema, readonly Part[]>();

/** The parts of a type that always write a list. */
function partsWithLists(type: TypeSchema): readonly Part[] {
  let parts = knownParts.get(type);
  if (!parts) {
    parts = [...type.fields.values()].flatMap((field) => {
      const part = field.kind === 'object' ? field.type : undefined;
      return part?.always.some(({ kind }) => kind === 'list') ? [{ name: field.name, part }] : [];
    });
    knownParts.set(type, parts);
  }
  return parts;
}
