import { assert } from '../../base/assert.ts';
import { protobufMagic } from './decode.ts';
import { nanosOf } from './duration.ts';
import { type MessageField, messageOf, messageOfKind } from './messages.ts';
import { WireWriter } from './wire-writer.ts';

type Json = Record<string, unknown>;

/** JSON as the API serves it. */
export type ApiObject = Json & { apiVersion: string; kind: string };

/** How the members of an object become the fields of a message. */
interface Plan {
  readonly fields: ReadonlyMap<string, MessageField>;
  /** Messages whose members stand among those of the object around them. */
  readonly inlined: ReadonlyArray<{ readonly number: number; readonly type: string; readonly plan: Plan }>;
}

const plans = new Map<string, Plan>();

function planOf(name: string): Plan {
  let plan = plans.get(name);
  if (!plan) {
    const all = [...(messageOf(name)?.values() ?? [])];
    plan = {
      fields: new Map(all.filter((field) => !field.inlined).map((field) => [field.name, field])),
      inlined: all.filter((field) => field.inlined).map(({ number, type }) => ({ number, type, plan: planOf(type) })),
    };
    plans.set(name, plan);
  }
  return plan;
}

/** Whether an object has members of a message, at any depth of inlining. */
function hasMembers(object: Json, plan: Plan): boolean {
  for (const name in object) if (plan.fields.has(name) && object[name] != null) return true;
  return plan.inlined.some((inner) => hasMembers(object, inner.plan));
}

const nanosPerMicro = 1_000;

function putTime(writer: WireWriter, value: string): void {
  const micros = /\.(\d{1,6})/.exec(value)?.[1]?.padEnd(6, '0') ?? '0';
  putInteger(writer, 2, Number(micros) * nanosPerMicro);
  putInteger(writer, 1, Math.floor(Date.parse(value) / 1000));
}

function putInteger(writer: WireWriter, number: number, value: number): void {
  writer.varint(value);
  writer.tag(number, 0);
}

function putText(writer: WireWriter, number: number, value: string): void {
  writer.text(value);
  writer.tag(number, 2);
}

/** JSON Schema's fields that hold one of two things, as the message has them. */
function either(type: 'Array' | 'Bool' | 'StringArray', value: unknown): Json {
  if (typeof value === 'boolean') return { allows: value };
  if (Array.isArray(value)) return type === 'Array' ? { jSONSchemas: value } : { property: value };
  return type === 'Bool' ? { allows: true, schema: value } : { schema: value };
}

function putEither(writer: WireWriter, type: 'Array' | 'Bool' | 'StringArray', value: unknown): void {
  putMembers(writer, either(type, value), planOf(`apiextensions.v1.JSONSchemaPropsOr${type}`));
}

/** Messages that JSON shows as something else than an object. */
const special: Readonly<Record<string, (writer: WireWriter, value: unknown) => void>> = {
  'api.resource.Quantity': (writer, value) => putText(writer, 1, String(value)),
  'util.intstr.IntOrString': (writer, value) => {
    if (typeof value === 'string') {
      putText(writer, 3, value);
      putInteger(writer, 1, 1);
    } else putInteger(writer, 2, Number(value));
  },
  'apis.meta.v1.Time': (writer, value) => putTime(writer, String(value)),
  'apis.meta.v1.MicroTime': (writer, value) => putTime(writer, String(value)),
  'apis.meta.v1.Duration': (writer, value) => putInteger(writer, 1, nanosOf(String(value))),
  'apis.meta.v1.FieldsV1': (writer, value) => putText(writer, 1, JSON.stringify(value)),
  'runtime.RawExtension': (writer, value) => putText(writer, 1, JSON.stringify(value)),
  'apiextensions.v1.JSON': (writer, value) => putText(writer, 1, JSON.stringify(value)),
  'apiextensions.v1.JSONSchemaPropsOrArray': (writer, value) => putEither(writer, 'Array', value),
  'apiextensions.v1.JSONSchemaPropsOrBool': (writer, value) => putEither(writer, 'Bool', value),
  'apiextensions.v1.JSONSchemaPropsOrStringArray': (writer, value) => putEither(writer, 'StringArray', value),
};

function putMembers(writer: WireWriter, object: Json, plan: Plan): void {
  for (const name in object) {
    const field = plan.fields.get(name);
    const value = object[name];
    if (field && value !== null && value !== undefined) putField(writer, field, value);
  }
  for (const inner of plan.inlined) {
    if (!hasMembers(object, inner.plan)) continue;
    const end = writer.size;
    putMembers(writer, object, inner.plan);
    writer.varint(writer.size - end);
    writer.tag(inner.number, 2);
  }
}

function putField(writer: WireWriter, field: MessageField, value: unknown): void {
  if (field.shape === 'one') {
    putValue(writer, field.number, field.type, value);
  } else if (field.shape === 'list') {
    const list = value as unknown[];
    for (let index = list.length - 1; index >= 0; index--) putValue(writer, field.number, field.type, list[index]);
  } else {
    for (const [key, item] of Object.entries(value as Json)) {
      const end = writer.size;
      putValue(writer, 2, field.type, item);
      putText(writer, 1, key);
      writer.varint(writer.size - end);
      writer.tag(field.number, 2);
    }
  }
}

function putValue(writer: WireWriter, number: number, type: string, value: unknown): void {
  switch (type) {
    case 'string':
      putText(writer, number, String(value));
      break;
    case 'bytes':
      writer.run(Buffer.from(String(value), 'base64'));
      writer.tag(number, 2);
      break;
    case 'bool':
      putInteger(writer, number, value === true ? 1 : 0);
      break;
    case 'int32':
    case 'int64':
      putInteger(writer, number, Number(value));
      break;
    case 'double':
      writer.double(Number(value));
      writer.tag(number, 1);
      break;
    default:
      putMessage(writer, number, type, value);
  }
}

function putMessage(writer: WireWriter, number: number, type: string, value: unknown): void {
  const end = writer.size;
  const put = special[type];
  if (value === null || value === undefined) {
    // An item that is nothing still is an item.
  } else if (put) put(writer, value);
  else if (Array.isArray(value)) putMembers(writer, { items: value }, planOf(type));
  else putMembers(writer, value as Json, planOf(type));
  writer.varint(writer.size - end);
  writer.tag(number, 2);
}

/** One writer serves all calls: encoding never waits for anything. */
const shared = new WireWriter();

/** Whether a kind can travel as protobuf: those of custom resources cannot. */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  return messageOfKind(apiVersion, kind) !== undefined;
}

/**
 * The message of an object without its envelope: what lists hold and caches keep. `object` is JSON as the API serves it,
 * of a kind for which hasProtobuf holds.
 */
export function encodeMessage(object: Json): Buffer {
  const name = messageOfKind(String(object.apiVersion), String(object.kind));
  assert(name !== undefined, `${object.kind} of ${object.apiVersion} has a protobuf message`);
  putMembers(shared, object, planOf(name));
  return shared.finish();
}

/** What says which kind a message is of, around it: the magic bytes and runtime.Unknown. */
export function envelope(identity: { apiVersion: string; kind: string }, message: Uint8Array): Buffer {
  shared.run(message);
  shared.tag(2, 2);
  putEnvelope(identity);
  return shared.finish();
}

function putEnvelope({ apiVersion, kind }: { apiVersion: string; kind: string }): void {
  putMembers(shared, { typeMeta: { apiVersion, kind } }, planOf('runtime.Unknown'));
  shared.raw(protobufMagic);
}

/** An object as clients that ask for application/vnd.kubernetes.protobuf get it; also Status and options. */
export function encodeProtobuf(object: ApiObject): Buffer {
  return envelope(object, encodeMessage(object));
}

/**
 * What stands before the items of a list. `kind` is that of the list; `itemsBytes` is how long all items are together
 * with their heads.
 */
export function protobufListHead(
  list: { apiVersion: string; kind: string; metadata: Json },
  itemsBytes: number,
): Buffer {
  putMessage(shared, 1, 'apis.meta.v1.ListMeta', list.metadata);
  shared.varint(shared.size + itemsBytes);
  shared.tag(2, 2);
  putEnvelope(list);
  return shared.finish();
}

/** What stands before the message of an item in a list. */
export function protobufItemHead(messageBytes: number): Buffer {
  shared.varint(messageBytes);
  shared.tag(2, 2);
  return shared.finish();
}

/** One event of a watch, with its length before it. `object` is complete: magic bytes, envelope and message. */
export function encodeProtobufWatchEvent(type: string, object: Uint8Array): Buffer {
  shared.run(object);
  shared.tag(1, 2);
  const length = shared.size;
  shared.varint(length);
  shared.tag(2, 2);
  putText(shared, 1, type);
  const frame = Buffer.allocUnsafe(4);
  frame.writeUInt32BE(shared.size);
  shared.raw(frame);
  return shared.finish();
}
