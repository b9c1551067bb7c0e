import { schema } from '../../api/schema/schema.ts';
import type { TypeSchema, ValueSchema } from '../../api/schema/types.ts';
import { decodeProtobuf, protobufMagic } from './decode.ts';
import {
  encodeMessage,
  encodeProtobuf,
  encodeProtobufWatchEvent,
  envelope,
  hasProtobuf,
  protobufItemHead,
  protobufListHead,
} from './encode.ts';
import { messageOfKind } from './messages.ts';

type Json = Record<string, unknown>;

const depthMax = 6;

/** A value of each field of a type, so that what one of them loses is seen. */
function sample(value: ValueSchema, depth: number): unknown {
  if (value.kind === 'list') return [sample(value.element!, depth)];
  if (value.kind === 'map') return { key: sample(value.element!, depth) };
  if (value.kind === 'object') return sampleObject(value.type!, depth + 1);
  return {
    string: 'text ü',
    boolean: true,
    int32: -7,
    int64: 2 ** 40,
    double: 1.5,
    time: '2024-01-02T03:04:05Z',
    'micro-time': '2024-01-02T03:04:05.678000Z',
    byte: 'AQID',
    quantity: '100m',
    'int-or-string': 'web',
    any: { free: [1, 'a'] },
  }[value.format];
}

function sampleObject(type: TypeSchema, depth: number): Json {
  if (depth > depthMax) return {};
  const fields = [...type.fields.values()].filter(({ name }) => !['apiVersion', 'kind'].includes(name));
  // The schema calls a duration a text like any other.
  return Object.fromEntries(
    fields.map((field) => [field.name, field.name === 'window' ? '1m30.5s' : sample(field, depth)]),
  );
}

const kinds = schema.names().flatMap((name) => {
  const gvk = schema.kindOfType(name);
  if (!gvk || name.endsWith('List') || gvk.group === 'apiextensions.k8s.io') return [];
  const apiVersion = gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`;
  return messageOfKind(apiVersion, gvk.kind) ? [{ name, apiVersion, kind: gvk.kind }] : [];
});

test('every field of every kind comes back from protobuf', () => {
  expect(kinds.length).toBeGreaterThan(70);
  for (const { name, apiVersion, kind } of kinds) {
    const object = { ...sampleObject(schema.type(name), 0), apiVersion, kind };
    expect([kind, decodeProtobuf(encodeProtobuf(object))]).toEqual([kind, object]);
  }
});

/** Schemas of custom kinds: fields that hold one of two things, and JSON of any shape. */
const customKind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['w'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            $schema: 'a',
            $ref: 'b',
            type: 'object',
            items: { type: 'string' },
            additionalProperties: { type: 'integer', default: 3, enum: [1, 'two', { three: 3 }] },
            properties: { open: { additionalProperties: true }, shut: { additionalProperties: false } },
            dependencies: { one: ['two'], two: { type: 'string' } },
            'x-kubernetes-preserve-unknown-fields': true,
            'x-kubernetes-list-map-keys': ['k'],
            'x-kubernetes-validations': [{ rule: 'self.a > 1', message: 'm' }],
          },
        },
      },
    ],
  },
};

test('definitions of custom kinds come back from protobuf', () => {
  expect(decodeProtobuf(encodeProtobuf(customKind))).toEqual(customKind);
});

const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [], volumes: [{ name: 'v', emptyDir: {} }] },
});

test('a list is made of the messages of its items', () => {
  const items = [pod('a'), pod('b')];
  const list = { apiVersion: 'v1', kind: 'PodList', metadata: { resourceVersion: '7' } };
  const parts = items.map(encodeMessage).flatMap((message) => [protobufItemHead(message.length), message]);
  const itemsBytes = parts.reduce((sum, { length }) => sum + length, 0);
  expect(decodeProtobuf(Buffer.concat([protobufListHead(list, itemsBytes), ...parts]))).toEqual({
    ...list,
    items: [pod('a'), pod('b')].map(({ metadata, spec }) => ({
      metadata,
      spec: { volumes: spec.volumes },
    })),
  });
});

test('an event of a watch stands behind its length and holds a complete object', () => {
  const object = encodeProtobuf(pod('a'));
  const frame = encodeProtobufWatchEvent('ADDED', object);
  expect(frame.readUInt32BE()).toBe(frame.length - 4);
  expect(frame.subarray(4, 11)).toEqual(Buffer.from([10, 5, ...Buffer.from('ADDED')]));
  expect(frame.subarray(-object.length)).toEqual(object);
  expect(object.subarray(0, 4)).toEqual(protobufMagic);
});

test('a message and its envelope make an object', () => {
  expect(envelope({ apiVersion: 'v1', kind: 'Pod' }, encodeMessage(pod('a')))).toEqual(encodeProtobuf(pod('a')));
});

test('Status travels too, kinds without a message do not', () => {
  const status = { apiVersion: 'v1', kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 };
  expect(decodeProtobuf(encodeProtobuf(status))).toEqual(status);
  expect(hasProtobuf('v1', 'Pod')).toBe(true);
  expect(hasProtobuf('example.org/v1', 'Widget')).toBe(false);
});

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['JSON', Buffer.from('{}')],
  ['a cut off message', encodeProtobuf(pod('a')).subarray(0, 20)],
  ['a number without an end', Buffer.concat([protobufMagic, Buffer.alloc(20, 0xff)])],
])('%s is refused', (_, bytes) => {
  expect(() => decodeProtobuf(bytes)).toThrow(/protobuf|registered/);
});
