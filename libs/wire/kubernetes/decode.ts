import { rfc3339, rfc3339Micro } from '../../base/clock.ts';
import { StatusError } from '../../base/status.ts';
import { durationText } from './duration.ts';
import { type Message, type MessageField, messageOf, messageOfKind } from './messages.ts';

/** The first four bytes of every object that travels as protobuf. */
export const protobufMagic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);
/** Messages inside each other beyond this are refused. */
const nestingMax = 100;

type Json = Record<string, unknown>;

const noFields: Message = new Map();

/** Reads the protobuf wire: varints, fixed numbers and runs of bytes. Source: protobuf encoding guide. */
class WireReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  get done(): boolean {
    return this.at >= this.bytes.length;
  }

  /** A tag or a length: small, and never negative. */
  small(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw damaged('a number is cut off');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw damaged('a number is too long');
  }

  integer(): number {
    let value = 0;
    let scale = 1;
    for (let at = this.at; scale < 2 ** 49; scale *= 128) {
      const byte = this.bytes[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.at = at;
        return value;
      }
    }
    // Negative numbers are ten bytes long.
    return Number(this.varint());
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw damaged('a number is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, value);
    }
    throw damaged('a number is too long');
  }

  run(): Buffer {
    const length = this.small();
    const end = this.at + length;
    if (end > this.bytes.length) throw damaged('a field is cut off');
    const run = this.bytes.subarray(this.at, end);
    this.at = end;
    return run;
  }

  double(): number {
    if (this.at + 8 > this.bytes.length) throw damaged('a number is cut off');
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  skip(wireType: number): void {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.at += 8;
    else if (wireType === 2) this.run();
    else if (wireType === 5) this.at += 4;
    else throw damaged(`wire type ${wireType} is unknown`);
  }
}

function damaged(why: string): StatusError {
  return new StatusError('BadRequest', `the body is not protobuf as Kubernetes writes it: ${why}`);
}

const text = (bytes: Buffer) => bytes.toString('utf8');

/** Messages that JSON shows as something else than an object. */
const special: Readonly<Record<string, (bytes: Buffer, depth: number) => unknown>> = {
  'api.resource.Quantity': (bytes) => plainFields(bytes, 'api.resource.Quantity').string ?? '0',
  'util.intstr.IntOrString': (bytes) => {
    const { type, intVal, strVal } = plainFields(bytes, 'util.intstr.IntOrString');
    return type === 1 ? (strVal ?? '') : (intVal ?? 0);
  },
  'apis.meta.v1.Time': (bytes) => timeOf(bytes, rfc3339),
  'apis.meta.v1.MicroTime': (bytes) => timeOf(bytes, rfc3339Micro),
  'apis.meta.v1.Duration': (bytes) => durationText(Number(plainFields(bytes, 'apis.meta.v1.Duration').duration ?? 0)),
  'apis.meta.v1.FieldsV1': embedded,
  'runtime.RawExtension': embedded,
  'apiextensions.v1.JSON': embedded,
  'apiextensions.v1.JSONSchemaPropsOrArray': (bytes, depth) => {
    const { schema, jSONSchemas } = fieldsOf(bytes, 'apiextensions.v1.JSONSchemaPropsOrArray', depth);
    return schema ?? jSONSchemas;
  },
  'apiextensions.v1.JSONSchemaPropsOrBool': (bytes, depth) => {
    const { schema, allows } = fieldsOf(bytes, 'apiextensions.v1.JSONSchemaPropsOrBool', depth);
    return schema ?? allows ?? false;
  },
  'apiextensions.v1.JSONSchemaPropsOrStringArray': (bytes, depth) => {
    const { schema, property } = fieldsOf(bytes, 'apiextensions.v1.JSONSchemaPropsOrStringArray', depth);
    return schema ?? property;
  },
};

const itemsOnly = /\.(ExtraValue|Verbs)$/;

function plainFields(bytes: Buffer, message: string): Json {
  return fieldsOf(bytes, message, 0);
}

function timeOf(bytes: Buffer, format: (epochMs: number) => string): string | null {
  const { seconds, nanos } = plainFields(bytes, 'apis.meta.v1.Timestamp');
  if (seconds === undefined) return null;
  return format(Number(seconds) * 1000 + Math.floor(Number(nanos ?? 0) / 1e6));
}

/** JSON inside of a message, whose only field it is. */
function embedded(bytes: Buffer): unknown {
  const reader = new WireReader(bytes);
  let raw: Buffer | undefined;
  while (!reader.done) {
    const tag = reader.small();
    if (tag === 1 * 8 + 2) raw = reader.run();
    else reader.skip(tag & 7);
  }
  if (!raw || raw.length === 0) return null;
  try {
    return JSON.parse(raw.toString());
  } catch (cause) {
    throw new StatusError('BadRequest', 'an embedded object is not JSON', { cause });
  }
}

function messageValue(bytes: Buffer, type: string, depth: number): unknown {
  if (depth > nestingMax) throw damaged('it is nested too deep');
  const read = special[type];
  if (read) return read(bytes, depth);
  const fields = fieldsOf(bytes, type, depth);
  return itemsOnly.test(type) ? (fields.items ?? []) : fields;
}

function fieldsOf(bytes: Buffer, name: string, depth: number): Json {
  // Messages without fields are not in the table.
  const message = messageOf(name) ?? noFields;
  const object: Json = {};
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const tag = reader.small();
    const field = message.get(tag >> 3);
    if (!field) reader.skip(tag & 7);
    else readField(reader, tag & 7, { field, object, depth });
  }
  return object;
}

interface Place {
  field: MessageField;
  object: Json;
  depth: number;
}

function readField(reader: WireReader, wireType: number, { field, object, depth }: Place): void {
  const { name, shape, type } = field;
  if (shape === 'map') {
    const { key, value } = mapEntry(reader.run(), type, depth);
    object[name] ??= {};
    if (key === '__proto__') Object.defineProperty(object[name], key, { value, enumerable: true });
    else (object[name] as Json)[key] = value;
  } else if (shape === 'list') {
    object[name] ??= [];
    const list = object[name] as unknown[];
    if (wireType === 2 && (type === 'int32' || type === 'int64')) {
      const packed = new WireReader(reader.run());
      while (!packed.done) list.push(packed.integer());
    } else list.push(scalarOr(reader, wireType, { type, depth }));
  } else {
    const value = scalarOr(reader, wireType, { type, depth });
    if (field.inlined) Object.assign(object, value);
    else object[name] = value;
  }
}

function mapEntry(bytes: Buffer, type: string, depth: number): { key: string; value: unknown } {
  const reader = new WireReader(bytes);
  let key = '';
  let value: unknown = type === 'string' || type === 'bytes' ? '' : {};
  while (!reader.done) {
    const tag = reader.small();
    if (tag >> 3 === 1) key = text(reader.run());
    else if (tag >> 3 === 2) value = scalarOr(reader, tag & 7, { type, depth });
    else reader.skip(tag & 7);
  }
  return { key, value };
}

function scalarOr(reader: WireReader, wireType: number, { type, depth }: { type: string; depth: number }): unknown {
  switch (type) {
    case 'string':
      return text(reader.run());
    case 'bytes':
      return reader.run().toString('base64');
    case 'bool':
      return reader.integer() !== 0;
    case 'int32':
    case 'int64':
      return reader.integer();
    case 'double':
      return reader.double();
    default:
      if (wireType !== 2) throw damaged('a message is expected');
      return messageValue(reader.run(), type, depth + 1);
  }
}

/** runtime.Unknown: the message in it as it is, without copying. */
function unwrap(bytes: Buffer): { apiVersion: string; kind: string; raw: Buffer } {
  const reader = new WireReader(bytes);
  let identity: Json = {};
  let raw: Buffer = Buffer.alloc(0);
  while (!reader.done) {
    const tag = reader.small();
    if (tag === 1 * 8 + 2) identity = plainFields(reader.run(), 'runtime.TypeMeta');
    else if (tag === 2 * 8 + 2) raw = reader.run();
    else reader.skip(tag & 7);
  }
  const { apiVersion = '', kind = '' } = identity as { apiVersion?: string; kind?: string };
  return { apiVersion, kind, raw };
}

/**
 * Reads an object out of its envelope (runtime.Unknown behind the magic bytes) as plain JSON data, in which fields with
 * zero values may stand that JSON would leave out. @throws StatusError BadRequest.
 */
export function decodeProtobuf(body: Buffer): Record<string, unknown> {
  if (!body.subarray(0, 4).equals(protobufMagic)) throw damaged('the magic bytes are missing');
  const { apiVersion, kind, raw } = unwrap(body.subarray(4));
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw new StatusError('BadRequest', `no kind "${kind}" is registered for version "${apiVersion}"`);
  return { ...fieldsOf(raw, message, 0), apiVersion, kind };
}
