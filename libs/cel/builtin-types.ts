import type { ScalarFormat, TypeSchema, ValueSchema } from '../api/schema/types.ts';
import {
  bool,
  bytes,
  double,
  dyn,
  type Field,
  int,
  listOf,
  mapOf,
  type ObjectType,
  string,
  type Type,
  timestamp,
} from './types.ts';

const scalars: Readonly<Record<ScalarFormat, Type>> = {
  string,
  boolean: bool,
  int32: int,
  int64: int,
  double,
  time: timestamp,
  'micro-time': timestamp,
  byte: bytes,
  quantity: dyn,
  'int-or-string': dyn,
  any: dyn,
};

/** The type of a built-in kind's objects, with the fields that its schema names. */
export function typeOfSchema(type: TypeSchema): ObjectType {
  return new Types().object(type);
}

/** Types refer to each other in circles: each is made once, and its fields when they are asked for. */
class Types {
  private readonly made = new Map<string, ObjectType>();

  object(type: TypeSchema): ObjectType {
    let made = this.made.get(type.name);
    if (!made) {
      const get = (name: string): Field | undefined => {
        const field = type.fields.get(name);
        return field && { type: this.value(field) };
      };
      made = { kind: 'object', name: type.definition, fields: { get } };
      this.made.set(type.name, made);
    }
    return made;
  }

  private value(value: ValueSchema): Type {
    switch (value.kind) {
      case 'list':
        return listOf(this.value(value.element!));
      case 'map':
        return mapOf(string, this.value(value.element!));
      case 'object':
        return value.type && !value.type.preservesUnknown ? this.object(value.type) : dyn;
      default:
        return scalars[value.format];
    }
  }
}
