/** An unsigned number: a type of its own, so that it does not mix with int. */
export class Uint {
  constructor(readonly value: bigint) {}
}

export class Bytes {
  constructor(readonly octets: Uint8Array) {}
}

const nanosPerMs = 1_000_000n;

/** A point in time, in nanoseconds since 1970. */
export class Timestamp {
  constructor(readonly nanos: bigint) {}

  get date(): Date {
    const ms = this.nanos / nanosPerMs;
    return new Date(Number(this.nanos % nanosPerMs < 0n ? ms - 1n : ms));
  }

  toString(): string {
    const second = this.date.toISOString().slice(0, 19);
    return `${second}${fraction(((this.nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n)}Z`;
  }
}

function fraction(nanos: bigint): string {
  const digits = nanos.toString().padStart(9, '0').replace(/0+$/, '');
  return digits && `.${digits}`;
}

/** A span of time, in nanoseconds. */
export class Duration {
  constructor(readonly nanos: bigint) {}

  /** Seconds, as the conversion to string writes them. */
  toString(): string {
    const size = this.nanos < 0n ? -this.nanos : this.nanos;
    return `${this.nanos < 0n ? '-' : ''}${size / 1_000_000_000n}${fraction(size % 1_000_000_000n)}s`;
  }
}

/** A value that may be missing. */
export class Optional {
  static readonly none = new Optional(undefined);

  constructor(readonly value: Value | undefined) {}

  static of(value: Value | undefined): Optional {
    return value === undefined ? Optional.none : new Optional(value);
  }
}

/** A type as a value: what `type(x)` answers. */
export class TypeValue {
  constructor(readonly name: string) {}
}

/** A value of a library's own, such as a quantity or an address. */
export abstract class Opaque {
  abstract readonly typeName: string;
  abstract equals(other: Opaque): boolean;
}

/** A map, or an object with fields: what has values by keys. */
export abstract class Structure {
  /** `map`, or the name of an object's type. */
  abstract readonly typeName: string;
  abstract get(key: Value): Value | undefined;
  abstract keys(): Value[];
  abstract get size(): number;

  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }
}

/** A list that belongs to a schema may be a set or a map of its items, and compare as such. */
export interface List extends ReadonlyArray<Value> {
  /** What makes an item the same item, for lists that are sets or maps. */
  readonly identityOf?: (item: Value) => string;
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint
  | Bytes
  | Timestamp
  | Duration
  | Optional
  | TypeValue
  | Opaque
  | Structure
  | List;

export type MapKey = string | boolean | bigint;

/** How a key is kept: numbers of any kind that are equal are one key. */
export function mapKeyOf(key: Value): MapKey | undefined {
  if (typeof key === 'string' || typeof key === 'boolean' || typeof key === 'bigint') return key;
  if (key instanceof Uint) return key.value;
  if (typeof key === 'number' && Number.isInteger(key)) return BigInt(key);
  return undefined;
}

/** A map that an expression has made. */
export class MapValue extends Structure {
  readonly typeName = 'map';

  constructor(readonly entries: ReadonlyMap<MapKey, Value>) {
    super();
  }

  get(key: Value): Value | undefined {
    const kept = mapKeyOf(key);
    return kept === undefined ? undefined : this.entries.get(kept);
  }

  keys(): Value[] {
    return [...this.entries.keys()];
  }

  get size(): number {
    return this.entries.size;
  }
}

/** The name of a value's type, as `type(x)` knows it. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (Array.isArray(value)) return 'list';
  if (value instanceof Structure || value instanceof Opaque) return value.typeName;
  if (value instanceof Uint) return 'uint';
  if (value instanceof Bytes) return 'bytes';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  return value instanceof Optional ? 'optional_type' : 'type';
}

export function isList(value: Value): value is List {
  return Array.isArray(value);
}
