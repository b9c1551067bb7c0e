import { applyPatch } from '../apply/apply.ts';
import { decodeObject } from '../decode/decode.ts';
import type { KubeObject } from '../meta.ts';
import { customDefinition, type StructuralSchema, setStructuralDefaults, structuralType } from './structural.ts';

const gvk = { group: 'example.org', version: 'v1', kind: 'Widget' };

const widget: StructuralSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', default: 3 },
        port: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        nested: { type: 'object', default: {}, properties: { mode: { type: 'string', default: 'on' } } },
        template: { type: 'object', 'x-kubernetes-embedded-resource': true },
        parts: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name', 'side'],
          items: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              side: { type: 'string', default: 'left' },
              value: { type: 'number' },
            },
          },
        },
        tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        pair: { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: { type: 'string' } } },
      },
    },
  },
};

const type = structuralType(gvk, widget);
const expected = { type, gvk };
const decode = (spec: object) => decodeObject(JSON.stringify({ metadata: { name: 'a' }, spec }), 'json', expected);

describe('the type of a custom resource', () => {
  test('prunes what the schema does not name and keeps what it leaves free', () => {
    const { object, complaints } = decode({ size: 1, bogus: 1, free: { any: { x: null } }, labels: { a: 'b' } });
    expect(object).toMatchObject({ spec: { size: 1, free: { any: { x: null } }, labels: { a: 'b' } } });
    expect(complaints).toEqual(['unknown field "spec.bogus"']);
  });

  test.each<[string, object, object]>([
    ['zero values', { size: 0, labels: {}, tags: [] }, { size: 0, labels: {}, tags: [] }],
    ['null where it is allowed', { size: 1, note: null }, { size: 1, note: null }],
    ['no null elsewhere', { size: 1, port: null }, { size: 1 }],
    ['whole numbers and texts', { port: 80 }, { port: 80 }],
    ['texts for them', { port: 'web' }, { port: 'web' }],
    ['embedded objects', { template: { kind: 'X', other: 1 } }, { template: { kind: 'X', other: 1, metadata: {} } }],
  ])('keeps %s', (_, spec, kept) => {
    expect((decode(spec).object as KubeObject & { spec: object }).spec).toEqual(kept);
  });

  test.each<[object, RegExp]>([
    [{ size: 'big' }, /spec\.size: expected a whole number/],
    [{ size: 1.5 }, /spec\.size: expected a whole number/],
    [{ port: true }, /spec\.port/],
    [{ parts: {} }, /spec\.parts: expected a list/],
    [{ labels: { a: 1 } }, /spec\.labels\.a: expected a text/],
  ])('refuses %j', (spec, why) => {
    expect(() => decode(spec)).toThrow(why);
  });

  test('keeps everything without a schema', () => {
    const open = { type: structuralType(gvk, undefined), gvk };
    const { object } = decodeObject('{"anything":{"goes":[1]},"metadata":{"name":"a"}}', 'json', open);
    expect(object).toMatchObject({ anything: { goes: [1] }, metadata: { name: 'a' } });
  });

  test('says how lists and objects merge', () => {
    const context = { type, apiVersion: 'example.org/v1', time: '2024-01-01T00:00:00Z', force: false };
    const config = (spec: object) => ({ apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name: 'a' }, spec });
    const apply = (current: KubeObject | undefined, manager: string, spec: object) =>
      applyPatch(current, config(spec), { ...context, manager }).object as KubeObject & { spec: object };
    const one = apply(undefined, 'one', { parts: [{ name: 'x', value: 1 }], tags: ['p'], free: { a: 1 } });
    const two = apply(one, 'two', { parts: [{ name: 'x', side: 'right', value: 2 }], tags: ['q'], free: { b: 2 } });
    expect(two.spec).toEqual({
      parts: [
        { name: 'x', value: 1 },
        { name: 'x', side: 'right', value: 2 },
      ],
      tags: ['p', 'q'],
      free: { a: 1, b: 2 },
    });
    const fields = JSON.stringify(one.metadata?.managedFields?.[0]?.fieldsV1);
    expect(fields).toContain('k:{\\"name\\":\\"x\\",\\"side\\":\\"left\\"}');
    expect(fields).toContain('"f:free":{"f:a":{}}');
  });

  test('is named in OpenAPI with its group reversed', () => {
    expect(customDefinition(gvk)).toBe('org.example.v1.Widget');
  });
});

describe('defaults of a structural schema', () => {
  test.each<[object, object]>([
    [{ spec: {} }, { spec: { size: 3, nested: { mode: 'on' } } }],
    [{ spec: { size: 0, nested: { mode: 'off' } } }, { spec: { size: 0, nested: { mode: 'off' } } }],
    [{ spec: { size: null } }, { spec: { size: 3, nested: { mode: 'on' } } }],
    [
      { spec: { size: 1, nested: {}, parts: [{ name: 'x' }] } },
      { spec: { size: 1, nested: { mode: 'on' }, parts: [{ name: 'x', side: 'left' }] } },
    ],
    [{}, {}],
  ])('%j becomes %j', (value, after) => {
    setStructuralDefaults(value, widget);
    expect(value).toEqual(after);
  });
});
