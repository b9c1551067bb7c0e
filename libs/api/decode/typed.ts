import type { FieldSchema, TypeSchema, ValueSchema } from '../schema/types.ts';
import { countMembers } from './json-text.ts';
import { DecodeError, kindOfValue, writePath } from './problem.ts';
import { FormatError, readScalar } from './scalars.ts';
import { isDropped, zeroOf } from './zero.ts';

type Members = Record<string, unknown>;

export interface TypedValue {
  readonly object: Members;
  /** Paths of fields that the type does not have; they are gone from the object. */
  readonly unknownFields: string[];
  /** Members of all objects that were read, for finding keys that stand twice. */
  readonly members: number;
}

const none: string[] = [];

/** Unknown or duplicate fields beyond this are not named: nobody reads them, and each becomes a header. */
export const complaintsMax = 100;

/** Schemas that contain themselves (JSONSchemaProps) end here. */
const depthMax = 500;

/**
 * Brings a value into the form that a round trip through the API gives it, in one pass and in place: checks types,
 * drops unknown fields and empty values, adds what is always written, writes quantities and times in canonical form.
 */
class TypedReader {
  readonly unknownFields: string[] = [];
  members = 0;
  private readonly path: Array<string | number> = [];

  /** @param settled an object whose members are in form already: the very same values are not looked at */
  constructor(private readonly settled: Members | undefined) {}

  object(value: unknown, type: TypeSchema): Members {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.wants('an object', value);
    if (this.path.length > depthMax) throw new DecodeError([], `the body is nested too deep at ${this.path[0]}`);
    const members = value as Members;
    let gone: string[] = none;
    const settled = this.path.length === 0 ? this.settled : undefined;
    for (const name in members) {
      this.members++;
      const given = members[name];
      if (given === undefined || (settled !== undefined && given === settled[name])) continue;
      const field = type.fields.get(name);
      if (field === undefined) {
        if (type.preservesUnknown) continue;
        this.noteUnknown(name, given);
        gone = [...gone, name];
        continue;
      }
      if (isPlainText(given, field)) continue;
      const read = this.field(given, field);
      if (read === undefined) gone = [...gone, name];
      else if (read !== given) members[name] = read;
    }
    const kept = gone.length === 0 ? members : without(members, gone);
    for (const field of type.always) if (kept[field.name] === undefined) kept[field.name] = zeroOf(field);
    return kept;
  }

  /** undefined where the field is left out. */
  private field(given: unknown, field: FieldSchema): unknown {
    if (given === null && field.nullable) return null;
    if (given === null) return field.zero === 'always' ? zeroOf(field) : undefined;
    this.path.push(field.name);
    const read = this.value(given, field);
    this.path.pop();
    if (isDropped(read, field)) return undefined;
    const isEmptyList = field.zero === 'always' && Array.isArray(read) && read.length === 0;
    // At the top and one below it tells who owns the field; see forgetEmptyLists.
    return isEmptyList && this.path.length > 1 ? null : read;
  }

  private value(given: unknown, schema: ValueSchema): unknown {
    if (schema.format === 'any' && !isOfKind(given, schema.kind)) return this.scalar(given, schema);
    switch (schema.kind) {
      case 'scalar':
        return this.scalar(given, schema);
      case 'object':
        return this.object(given, schema.type!);
      case 'list':
        return this.list(given, schema.element!);
      case 'map':
        return this.map(given, schema.element!);
    }
  }

  private scalar(given: unknown, schema: ValueSchema): unknown {
    if (typeof given === 'string' && schema.format === 'string') return given;
    try {
      if (schema.format === 'any') this.members += countMembers(given);
      return readScalar(given, schema.format);
    } catch (error) {
      if (error instanceof FormatError) throw new DecodeError(this.path, error.message);
      throw error;
    }
  }

  private list(given: unknown, element: ValueSchema): unknown {
    if (!Array.isArray(given)) this.wants('a list', given);
    for (let index = 0; index < given.length; index++) {
      const item: unknown = given[index];
      if (item === null) {
        given[index] = zeroOf(element);
        continue;
      }
      this.path.push(index);
      const read = this.value(item, element);
      this.path.pop();
      if (read !== item) given[index] = read;
    }
    return given;
  }

  private map(given: unknown, element: ValueSchema): unknown {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) this.wants('an object', given);
    const members = given as Members;
    for (const key in members) {
      this.members++;
      const item = members[key];
      if (item === undefined) continue;
      if (item === null) {
        members[key] = zeroOf(element);
        continue;
      }
      if (typeof item === 'string' && element.format === 'string' && element.kind === 'scalar') continue;
      this.path.push(key);
      const read = this.value(item, element);
      this.path.pop();
      if (read !== item) members[key] = read;
    }
    return members;
  }

  private noteUnknown(name: string, given: unknown): void {
    if (this.unknownFields.length < complaintsMax) this.unknownFields.push(writePath([...this.path, name]));
    this.members += countMembers(given);
  }

  private wants(expected: string, value: unknown): never {
    throw new DecodeError(this.path, `expected ${expected}, got ${kindOfValue(value)}`);
  }
}

function isOfKind(given: unknown, kind: ValueSchema['kind']): boolean {
  if (kind === 'scalar') return true;
  return typeof given === 'object' && given !== null && Array.isArray(given) === (kind === 'list');
}

/** Texts that stay as they are: most values. */
function isPlainText(given: unknown, { kind, format, zero }: FieldSchema): boolean {
  if (typeof given !== 'string' || format !== 'string' || kind !== 'scalar') return false;
  return given !== '' || zero !== 'dropped';
}

/** A copy without some names; deleting them would make the object slow to use. */
function without(members: Members, names: readonly string[]): Members {
  const kept: Members = {};
  for (const name in members) if (!names.includes(name)) kept[name] = members[name];
  return kept;
}

/**
 * Reads a value as a type. `value` is taken over: it may be changed and become the result.
 * @param settled an object of this type in its form; members that `value` shares with it are left as they are
 * @throws DecodeError for values of the wrong type, with their place.
 */
export function readTyped(value: unknown, type: TypeSchema, settled?: object): TypedValue {
  const reader = new TypedReader(settled as Members | undefined);
  const object = reader.object(value, type);
  return { object, unknownFields: reader.unknownFields, members: reader.members };
}
