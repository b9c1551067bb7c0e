import type { V1JSONSchemaProps } from '../../gen/types.ts';
import { Report } from '../../validation/report.ts';
import { versionSchema } from './schema.ts';

const text: V1JSONSchemaProps = { type: 'string' };
const withField = (a: V1JSONSchemaProps): V1JSONSchemaProps => ({ type: 'object', properties: { a } });
const place = 'openAPIV3Schema';

describe('schemas of custom kinds', () => {
  it.each<[string, V1JSONSchemaProps, string[]]>([
    ['one of plain fields', withField(text), []],
    ['references', withField({ $ref: '#/x' }), ['properties[a].$ref']],
    ['several schemas of items', withField({ type: 'array', items: [text] }), ['properties[a].items']],
    ['words of JSON Schema', { type: 'object', id: 'x', dependencies: { a: ['b'] } }, ['id', 'dependencies']],
    ['types in combinations', { type: 'object', oneOf: [{ type: 'object' }] }, ['oneOf[0].type']],
    ['nulls in combinations', { type: 'object', allOf: [{ nullable: true }] }, ['allOf[0].nullable']],
    [
      'defaults in combinations',
      { ...withField({ type: 'object' }), anyOf: [{ properties: { a: { default: {} } } }] },
      ['anyOf[0].properties[a].default'],
    ],
    [
      'fields only in combinations',
      { type: 'object', anyOf: [{ properties: { z: { minimum: 1 } } }] },
      ['properties[z]'],
    ],
    [
      'rules in combinations',
      { type: 'object', anyOf: [{ 'x-kubernetes-validations': [{ rule: 'true' }] }] },
      ['anyOf[0].x-kubernetes-validations'],
    ],
    [
      'numbers or texts',
      withField({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      [],
    ],
    [
      'metadata of other forms',
      { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
      ['properties[metadata]'],
    ],
    [
      'patterns of names',
      {
        type: 'object',
        properties: { metadata: { type: 'object', properties: { name: { ...text, pattern: '^a' } } } },
      },
      [],
    ],
    [
      'keys of lists that may be missing',
      withField({
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: text } },
      }),
      ['properties[a].items.properties[k].default'],
    ],
    [
      'sets of objects',
      withField({ type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'object' } }),
      ['properties[a].items.x-kubernetes-map-type'],
    ],
  ])('%s', (_, schema, fields) => {
    const at = new Report();
    versionSchema(schema, false, at);
    expect(at.errors.map(({ field }) => field)).toEqual(fields.map((field) => `${place}.${field}`));
  });
});
