import type { V1JSONSchemaProps, V1ValidationRule } from '../../api/gen/types.ts';
import { Report } from '../../api/validation/report.ts';
import { checkRules } from './rule-checks.ts';
import { ruleErrors } from './rule-errors.ts';
import { rulesOf } from './rules.ts';

type Schema = Omit<V1JSONSchemaProps, 'properties' | 'items' | 'additionalProperties'> & Record<string, unknown>;

const integer = { type: 'integer' } as const;
const keyedList = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] };

function withRules(schema: Schema, ...rules: V1ValidationRule[]): V1JSONSchemaProps {
  return { ...schema, 'x-kubernetes-validations': rules } as V1JSONSchemaProps;
}

function specOf(spec: V1JSONSchemaProps): V1JSONSchemaProps {
  return { type: 'object', properties: { spec } };
}

function findings(schema: V1JSONSchemaProps, object: object, previous?: object) {
  const { errors, tolerated } = ruleErrors(rulesOf(schema)!, object, previous);
  return {
    errors: errors.map(({ field, reason, message }) => `${field} ${reason} ${message}`),
    tolerated: tolerated.map(({ field, message }) => `${field} ${message}`),
  };
}

const sized = { type: 'object', properties: { size: integer, max: integer } };

interface Case {
  readonly what: string;
  readonly schema: V1JSONSchemaProps;
  readonly object: object;
  readonly previous?: object;
  readonly errors: readonly string[];
  readonly tolerated?: readonly string[];
}

const fits = { rule: 'self.size <= self.max' };
const grows = { rule: 'self >= oldSelf', message: 'must not shrink' };
const cases: Case[] = [
  { what: 'holds', schema: specOf(withRules(sized, fits)), object: { spec: { size: 1, max: 2 } }, errors: [] },
  {
    what: 'says its own text when it has no message',
    schema: specOf(withRules(sized, fits)),
    object: { spec: { size: 3, max: 2 } },
    errors: ['spec FieldValueInvalid failed rule: self.size <= self.max'],
  },
  {
    what: 'has a message, a reason and a field',
    schema: specOf(
      withRules(sized, { ...fits, message: 'too large', reason: 'FieldValueForbidden', fieldPath: '.size' }),
    ),
    object: { spec: { size: 3, max: 2 } },
    errors: ['spec.size FieldValueForbidden too large'],
  },
  {
    what: 'makes its message',
    schema: specOf(
      withRules(sized, { ...fits, messageExpression: '"%d is more than %d".format([self.size, self.max])' }),
    ),
    object: { spec: { size: 3, max: 2 } },
    errors: ['spec FieldValueInvalid 3 is more than 2'],
  },
  {
    what: 'falls back to its message when making one fails',
    schema: specOf(withRules(sized, { ...fits, message: 'plain', messageExpression: 'string(1 / (self.size - 3))' })),
    object: { spec: { size: 3, max: 2 } },
    errors: ['spec FieldValueInvalid plain'],
  },
  {
    what: 'tells of an evaluation that failed',
    schema: specOf(withRules(sized, fits)),
    object: { spec: { size: 3 } },
    errors: ['spec FieldValueInvalid no such key: max evaluating rule: self.size <= self.max'],
  },
  {
    what: 'looks at the kind and name at the root alone',
    schema: withRules({ type: 'object' }, { rule: 'self.metadata.name.startsWith("a") && self.kind == "K"' }),
    object: { kind: 'K', metadata: { name: 'b' } },
    errors: ['<nil> FieldValueInvalid failed rule: self.metadata.name.startsWith("a") && self.kind == "K"'],
  },
  {
    what: 'runs for each item, entry and part',
    schema: specOf({
      type: 'object',
      properties: {
        list: { type: 'array', items: withRules(integer, { rule: 'self > 0', message: 'l' }) },
        map: { type: 'object', additionalProperties: withRules(integer, { rule: 'self > 0', message: 'm' }) },
      },
    } as V1JSONSchemaProps),
    object: { spec: { list: [1, 0], map: { a: 0, b: 1 } } },
    errors: ['spec.list[1] FieldValueInvalid l', 'spec.map[a] FieldValueInvalid m'],
  },
  {
    what: 'of allOf counts too',
    schema: specOf({
      ...sized,
      allOf: [withRules({}, { rule: 'self.size > 5', message: 'of all' })],
    } as V1JSONSchemaProps),
    object: { spec: { size: 1 } },
    errors: ['spec FieldValueInvalid of all'],
  },
  {
    what: 'leaves nulls alone',
    schema: specOf(withRules({ ...sized, nullable: true }, { rule: 'false' })),
    object: { spec: null },
    errors: [],
  },
  {
    what: 'about changes does not run at a creation',
    schema: specOf({ type: 'object', properties: { size: withRules(integer, grows) } }),
    object: { spec: { size: 1 } },
    errors: [],
  },
  {
    what: 'about changes runs at an update',
    schema: specOf({ type: 'object', properties: { size: withRules(integer, grows) } }),
    object: { spec: { size: 1 } },
    previous: { spec: { size: 2 } },
    errors: ['spec.size FieldValueInvalid must not shrink'],
  },
  {
    what: 'about changes may ask for creations too',
    schema: specOf(
      withRules(sized, { rule: 'oldSelf.hasValue() || self.size == 0', optionalOldSelf: true, message: 'starts at 0' }),
    ),
    object: { spec: { size: 1 } },
    errors: ['spec FieldValueInvalid starts at 0'],
  },
  {
    what: 'about changes finds items by their keys',
    schema: specOf({
      type: 'object',
      properties: {
        list: {
          ...keyedList,
          items: { type: 'object', properties: { name: { type: 'string' }, size: withRules(integer, grows) } },
        },
      },
    } as V1JSONSchemaProps),
    object: {
      spec: {
        list: [
          { name: 'b', size: 1 },
          { name: 'a', size: 1 },
        ],
      },
    },
    previous: {
      spec: {
        list: [
          { name: 'a', size: 0 },
          { name: 'b', size: 5 },
        ],
      },
    },
    errors: ['spec.list[0].size FieldValueInvalid must not shrink'],
  },
  {
    what: 'is let be where nothing has changed',
    schema: specOf(withRules(sized, { ...fits, message: 'too large' })),
    object: { spec: { size: 3, max: 2 }, status: { seen: true } },
    previous: { spec: { size: 3, max: 2 } },
    errors: [],
    tolerated: ['spec too large'],
  },
  {
    what: 'ends when it costs too much',
    schema: specOf(
      withRules(
        { type: 'object', properties: { list: { type: 'array', items: integer } } },
        { rule: 'self.list.all(a, self.list.all(b, self.list.all(c, a + b + c < 999)))' },
        { rule: 'false', message: 'never runs' },
      ),
    ),
    object: { spec: { list: Array.from({ length: 80 }, () => 1) } },
    errors: [
      "spec FieldValueInvalid 'operation cancelled: actual cost limit exceeded': no further validation rules will be run " +
        'due to call cost exceeds limit for rule: self.list.all(a, self.list.all(b, self.list.all(c, a + b + c < 999)))',
    ],
  },
];

describe('a rule', () => {
  it.each(cases)('$what', ({ schema, object, previous, errors, tolerated }) => {
    expect(findings(schema, object, previous)).toEqual({ errors, tolerated: tolerated ?? [] });
  });
});

function problems(schema: V1JSONSchemaProps): string[] {
  const at = new Report();
  checkRules(schema, at);
  return at.errors.map(({ field, reason, message }) => `${field} ${reason} ${message}`);
}

const place = 'properties[spec].x-kubernetes-validations[0]';
const texts = { type: 'array', items: { type: 'string' } };
const advice =
  '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';

describe('a definition', () => {
  it.each<[string, V1JSONSchemaProps, string[]]>([
    ['with a sound rule', specOf(withRules(sized, fits)), []],
    [
      'with a rule about a field that is not there',
      specOf(withRules(sized, { rule: 'self.x > 1' })),
      [
        `${place}.rule FieldValueInvalid compilation failed: ERROR: <input>:1:5: undefined field 'x'\n | self.x > 1\n | ....^`,
      ],
    ],
    [
      'with a rule that is no condition',
      specOf(withRules(sized, { rule: 'self.size' })),
      [`${place}.rule FieldValueInvalid cel expression must evaluate to a bool`],
    ],
    [
      'with a message that is no text',
      specOf(withRules(sized, { ...fits, messageExpression: 'self.size' })),
      [`${place}.messageExpression FieldValueInvalid messageExpression must evaluate to a string`],
    ],
    [
      'with optionalOldSelf for nothing',
      specOf(withRules(sized, { ...fits, optionalOldSelf: true })),
      [`${place}.optionalOldSelf FieldValueInvalid may not be set if oldSelf is not used in rule`],
    ],
    [
      'with a rule about changes inside of a list without keys',
      specOf({ type: 'array', items: withRules(integer, grows), maxItems: 5 } as V1JSONSchemaProps),
      [
        'properties[spec].items.x-kubernetes-validations[0].rule FieldValueInvalid ' +
          'oldSelf cannot be used on the uncorrelatable portion of the schema within properties[spec]',
      ],
    ],
    [
      'whose rule walks over all pairs of an unbounded list',
      specOf(withRules(texts, { rule: 'self.all(a, self.all(b, a == b))' })),
      [
        `${place}.rule FieldValueForbidden estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
        `${place}.rule FieldValueForbidden contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
        ' FieldValueForbidden x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema ' +
          `exceeds budget by factor of more than 100x ${advice}`,
      ],
    ],
    [
      'whose rule does so over a list that is bounded',
      specOf(
        withRules(
          { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 10 } },
          { rule: 'self.all(a, self.all(b, a == b))' },
        ),
      ),
      [],
    ],
    [
      'whose rule walks through the keys of a map, of which schemas say nothing',
      specOf(
        withRules(
          { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 100 },
          { rule: 'self.all(k, k.matches("^([^/]+)$") || k.split("/")[0].size() < 253)' },
        ),
      ),
      [],
    ],
    [
      'whose rule compares durations made of unbounded texts',
      specOf({
        type: 'array',
        maxItems: 16,
        items: withRules(
          { type: 'object', properties: { a: { type: 'string' }, b: { type: 'string' } } },
          { rule: "duration(self.a) != duration('0s') && duration(self.b) > duration(self.a)" },
        ),
      } as V1JSONSchemaProps),
      [],
    ],
    [
      'with a default that its schema refuses',
      specOf({
        type: 'object',
        properties: { size: { type: 'integer', minimum: 5, default: 1 } },
      } as V1JSONSchemaProps),
      ['properties[spec].properties[size].default FieldValueInvalid should be greater than or equal to 5'],
    ],
    [
      'with a default that its rules refuse',
      specOf({
        type: 'object',
        properties: { size: { ...withRules(integer, { rule: 'self > 5', message: 'small' }), default: 1 } },
      } as V1JSONSchemaProps),
      ['properties[spec].properties[size].default FieldValueInvalid small'],
    ],
  ])('%s', (_what, schema, expected) => {
    expect(problems(schema)).toEqual(expected);
  });
});
