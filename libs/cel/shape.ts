import type { V1JSONSchemaProps } from '../api/gen/types.ts';
import { escapedName } from './escaping.ts';
import { readDuration, readTimestamp } from './functions/times.ts';
import { type ShapeSize, sizeOfShape } from './shape-sizes.ts';
import {
  bool,
  bytes,
  double,
  duration,
  type Field,
  int,
  listOf,
  mapOf,
  string,
  type Type,
  timestamp,
} from './types.ts';
import { Bytes, isList, type List, Structure, type Value } from './values.ts';

/** How JSON below a schema is read: its type, and the way from a piece of JSON to a value. */
export interface Shape {
  readonly type: Type;
  /** The smallest that such a value is as JSON, in bytes. */
  readonly bytesMin: number;
  readonly items?: Shape;
  readonly properties?: ReadonlyMap<string, Shape>;
  valueOf(json: unknown): Value;
}

export interface ShapeOptions {
  /** What types of objects are called; parts add their own names to it. */
  readonly name: string;
  /** The root of a resource: it has its kind, version and name whatever the schema says. */
  readonly isRoot?: boolean;
  /** Properties are known by their own names, reserved words too. */
  readonly plainNames?: boolean;
}

const text = { type: 'string' } as const;
const rootProperties: Record<string, V1JSONSchemaProps> = {
  apiVersion: text,
  kind: text,
  metadata: { type: 'object', properties: { name: text, generateName: text } },
};

/** Undefined for schemas that say nothing of their values. */
export function shapeOf(schema: V1JSONSchemaProps, options: ShapeOptions): Shape | undefined {
  const size = (bytesMin: number): ShapeSize => sizeOfShape(schema, bytesMin);
  if (schema['x-kubernetes-int-or-string'])
    return { type: { kind: 'dyn', ...size(1) }, bytesMin: 1, valueOf: anyValue };
  switch (schema.type) {
    case 'object':
      return objectShape(schema, options);
    case 'array':
      return listShape(schema, options);
    case 'string':
      return textShape(schema);
    case 'boolean':
      return { type: bool, bytesMin: 4, valueOf: anyValue };
    case 'integer':
      return { type: int, bytesMin: 1, valueOf: anyValue };
    case 'number':
      return { type: double, bytesMin: 1, valueOf: (json) => json as Value };
    default:
      return undefined;
  }
}

function textShape(schema: V1JSONSchemaProps): Shape {
  const read = (type: Type, bytesMin: number, parse: (json: string) => Value): Shape => ({
    type: { ...type, ...sizeOfShape(schema, bytesMin) },
    bytesMin,
    valueOf: (json) => (typeof json === 'string' ? parse(json) : anyValue(json)),
  });
  switch (schema.format) {
    case 'byte':
      return read(bytes, 2, (json) => new Bytes(Buffer.from(json, 'base64')));
    case 'duration':
      return read(duration, 3, readDuration);
    case 'date':
      return read(timestamp, 12, (json) => readTimestamp(`${json}T00:00:00Z`));
    case 'date-time':
      return read(timestamp, 21, readTimestamp);
    default:
      return read(string, 2, (json) => json);
  }
}

function listShape(schema: V1JSONSchemaProps, { name }: ShapeOptions): Shape | undefined {
  const part = schema.items as V1JSONSchemaProps | undefined;
  const items = part && shapeOf(part, { name: `${name}.@idx`, isRoot: part['x-kubernetes-embedded-resource'] });
  if (!items) return undefined;
  const identityOf = identity(schema);
  return {
    type: listOf(items.type, sizeOfShape(schema, items.bytesMin).max),
    bytesMin: 2,
    items,
    valueOf(json) {
      if (!Array.isArray(json)) return anyValue(json);
      const list: List = json.map((item) => items.valueOf(item));
      return identityOf ? Object.assign(list, { identityOf }) : list;
    },
  };
}

/** Lists that are sets or maps are the same in any order. */
function identity(schema: V1JSONSchemaProps): List['identityOf'] {
  if (schema['x-kubernetes-list-type'] === 'set') return (item) => JSON.stringify(jsonOf(item));
  const keys = schema['x-kubernetes-list-map-keys'];
  if (schema['x-kubernetes-list-type'] !== 'map' || !keys) return undefined;
  return (item) => {
    const found = keys.map((key) => (item instanceof Structure ? item.get(escapedName(key) ?? key) : undefined));
    return JSON.stringify(found.map((value) => (value === undefined ? null : jsonOf(value))));
  };
}

function objectShape(given: V1JSONSchemaProps, { name, isRoot, plainNames }: ShapeOptions): Shape | undefined {
  const additional = given.additionalProperties;
  if (typeof additional === 'object' && additional !== null)
    return mapShape(given, additional as V1JSONSchemaProps, name);
  const schema = isRoot ? { ...given, properties: { ...given.properties, ...rootProperties } } : given;
  const fields = new Map<string, Field>();
  const properties = new Map<string, Shape>();
  const byField = new Map<string, readonly [string, Shape]>();
  let bytesMin = 2;
  for (const [property, part] of Object.entries(schema.properties ?? {})) {
    const shape = shapeOf(part, { name: `${name}.${property}`, isRoot: part['x-kubernetes-embedded-resource'] });
    if (!shape) continue;
    properties.set(property, shape);
    const field = plainNames ? property : escapedName(property);
    if (field !== undefined) {
      fields.set(field, { type: shape.type });
      byField.set(field, [property, shape]);
    }
    if (schema.required?.includes(property) && part.default === undefined)
      bytesMin += property.length + shape.bytesMin + 4;
  }
  const type: Type = { kind: 'object', name, fields };
  return {
    type,
    bytesMin,
    properties,
    valueOf: (json) => (isMembers(json) ? new JsonObject(name, json, byField) : anyValue(json)),
  };
}

function mapShape(schema: V1JSONSchemaProps, part: V1JSONSchemaProps, name: string): Shape | undefined {
  const items = shapeOf(part, { name: `${name}.@elem`, isRoot: part['x-kubernetes-embedded-resource'] });
  if (!items) return undefined;
  const max = sizeOfShape(schema, items.bytesMin).max;
  return {
    type: mapOf(string, items.type, max),
    bytesMin: 2,
    items,
    valueOf: (json) => (isMembers(json) ? new JsonMap(json, (value) => items.valueOf(value)) : anyValue(json)),
  };
}

type Members = Readonly<Record<string, unknown>>;

function isMembers(json: unknown): json is Members {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

/** An object of JSON with the fields of a schema. Fields are read when they are asked for. */
class JsonObject extends Structure {
  constructor(
    readonly typeName: string,
    private readonly members: Members,
    private readonly fields: ReadonlyMap<string, readonly [property: string, shape: Shape]>,
  ) {
    super();
  }

  get(key: Value): Value | undefined {
    const [property, shape] = this.fields.get(key as string) ?? [];
    if (property === undefined || !shape) return undefined;
    const json = this.members[property];
    return json === undefined || !Object.hasOwn(this.members, property) ? undefined : shape.valueOf(json);
  }

  override has(key: Value): boolean {
    const [property] = this.fields.get(key as string) ?? [];
    return property !== undefined && Object.hasOwn(this.members, property) && this.members[property] !== undefined;
  }

  keys(): Value[] {
    return [...this.fields.keys()].filter((field) => this.has(field));
  }

  get size(): number {
    return this.keys().length;
  }
}

/** An object of JSON as a map. Values are read when they are asked for. */
class JsonMap extends Structure {
  readonly typeName = 'map';

  constructor(
    private readonly members: Members,
    private readonly read: (json: unknown) => Value,
  ) {
    super();
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.members, key)) return undefined;
    const json = this.members[key];
    return json === undefined ? undefined : this.read(json);
  }

  keys(): Value[] {
    return Object.keys(this.members).filter((key) => this.members[key] !== undefined);
  }

  get size(): number {
    return this.keys().length;
  }
}

/** A piece of JSON as a value of whatever type it has. */
export function anyValue(json: unknown): Value {
  if (typeof json === 'number') return Number.isInteger(json) ? BigInt(json) : json;
  if (Array.isArray(json)) return json.map(anyValue);
  if (isMembers(json)) return new JsonMap(json, anyValue);
  return (json ?? null) as Value;
}

/** A value as JSON. What JSON has no form for becomes text. */
export function jsonOf(value: Value): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map(jsonOf);
  if (value instanceof Structure) {
    return Object.fromEntries(value.keys().map((key) => [String(key), jsonOf(value.get(key)!)]));
  }
  if (value instanceof Bytes) return Buffer.from(value.octets).toString('base64');
  return String(value);
}
