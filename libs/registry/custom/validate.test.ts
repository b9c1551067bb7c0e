import { systemClock } from '../../base/clock.ts';
import { setSchemaDefaults } from './structural.ts';
import { schemaErrors } from './validate.ts';

const schema = (pattern: string) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { text: { type: 'string', pattern } } } },
});
const object = (text: string) => ({ kind: 'Thing', apiVersion: 'example.com/v1', spec: { text } });

it.each<[string, string, boolean]>([
  ['^[a-z]+$', 'abc', true],
  ['^[a-z]+$', 'aBc', false],
  // Go's syntax, which definitions are written in.
  ['^(?i)[a-z]+$', 'aBc', true],
  ['(?P<word>\\w+)', 'abc', true],
])('matches %s with %s: %s', (pattern, text, fits) => {
  expect(schemaErrors(object(text), schema(pattern)).length === 0).toBe(fits);
});

it.each(['^(a+)+$', '^(a|aa)+$', '(.*)*b'])('decides %s in little time, whatever the text', (pattern) => {
  const startMs = systemClock.monotonic();
  schemaErrors(object(`${'a'.repeat(20_000)}!`), schema(pattern));
  expect(systemClock.monotonic() - startMs).toBeLessThan(5_000);
});

const embedded = {
  type: 'object',
  'x-kubernetes-embedded-resource': true,
  'x-kubernetes-preserve-unknown-fields': true,
};

describe('what schemas refuse', () => {
  it.each<[string, object, unknown, string[]]>([
    ['other types', { type: 'array', items: { type: 'string' } }, 'a', ['FieldValueTypeInvalid .a']],
    ['numbers that are not whole', { type: 'integer' }, 3.5, ['FieldValueTypeInvalid .a', 'FieldValueInvalid <nil>']],
    ['numbers that are too big', { type: 'integer', format: 'int32' }, 3e9, ['FieldValueInvalid <nil>']],
    ['other formats', { type: 'string', format: 'ipv4' }, '::1', ['FieldValueTypeInvalid .a']],
    ['members of maps', { type: 'object', additionalProperties: { minimum: 1 } }, { b: 0 }, ['FieldValueInvalid .a.b']],
    [
      'none of several',
      { anyOf: [{ minLength: 2 }, { pattern: 'x' }] },
      'y',
      ['FieldValueInvalid <nil>', 'FieldValueInvalid .a'],
    ],
    ['two of several', { oneOf: [{ minLength: 1 }, { maxLength: 1 }] }, 'y', ['FieldValueInvalid <nil>']],
    [
      'one of all',
      { allOf: [{ minLength: 1 }, { minLength: 2 }] },
      'y',
      ['FieldValueInvalid .a', 'FieldValueInvalid <nil>'],
    ],
    ['what must not be', { not: { minLength: 1 } }, 'y', ['FieldValueInvalid <nil>']],
    ['objects without a kind', embedded, { apiVersion: 'v1' }, ['FieldValueRequired .a.kind']],
    ['objects of no version', embedded, { apiVersion: '', kind: 'X' }, ['FieldValueInvalid .a.apiVersion']],
  ])('%s', (_, a, value, refused) => {
    const found = schemaErrors({ a: value }, { type: 'object', properties: { a } });
    expect(found.map(({ reason, field }) => `${reason} ${field === '<nil>' ? field : `.${field}`}`)).toEqual(refused);
  });
});

it('takes a null where there can be none for nothing', () => {
  const part = {
    type: 'object',
    properties: { a: { type: 'string', default: 'd' }, b: { type: 'string' }, c: { nullable: true } },
  };
  const value: Record<string, unknown> = { a: null, b: null, c: null };
  setSchemaDefaults(value, part);
  expect(value).toEqual({ a: 'd', c: null });
});
