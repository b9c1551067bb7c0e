import type { V1JSONSchemaProps } from '../api/gen/types.ts';
import { environment } from './environment.ts';
import { compile } from './program.ts';
import { jsonOf, shapeOf } from './shape.ts';
import { typeText } from './types.ts';

const schema: V1JSONSchemaProps = {
  type: 'object',
  properties: {
    size: { type: 'integer' },
    share: { type: 'number' },
    name: { type: 'string', maxLength: 10 },
    when: { type: 'string', format: 'date-time' },
    span: { type: 'string', format: 'duration' },
    data: { type: 'string', format: 'byte' },
    either: { 'x-kubernetes-int-or-string': true },
    namespace: { type: 'string' },
    'dash-ed.dot/slash': { type: 'boolean' },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port'],
      items: { type: 'object', properties: { port: { type: 'integer' }, name: { type: 'string' } } },
    },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
} as V1JSONSchemaProps;

const shape = shapeOf(schema, { name: 'selfType', isRoot: true })!;
const known = environment({ self: shape.type, oldSelf: shape.type });

function messageOf(source: string): string {
  try {
    compile(source, known);
    return 'compiles';
  } catch (error) {
    return (error as Error).message;
  }
}

it.each([
  ['self.size', 'int'],
  ['self.share + 1.0', 'double'],
  ['self.when', 'timestamp'],
  ['self.span', 'duration'],
  ['self.data', 'bytes'],
  ['self.either', 'dyn'],
  ['self.tags.map(t, size(t))', 'list(int)'],
  ['self.labels', 'map(string, string)'],
  ['self.?name', 'optional_type(string)'],
  ['self.labels[?"a"].orValue("")', 'string'],
  ['self.ports', 'list(selfType.ports.@idx)'],
  ['self.metadata.name', 'string'],
  ['self.__namespace__', 'string'],
  ['self.dash__dash__ed__dot__dot__slash__slash', 'bool'],
  ['self.tags.exists(t, t == "a") ? 1 : 2', 'int'],
  ['[]', 'list(dyn)'],
  ['self.size > 1 ? self.either : 1', 'dyn'],
  ['self.size > 1 ? 1 : self.either', 'dyn'],
  ['[1, self.either]', 'list(dyn)'],
  ['[self.either, 1][0]', 'dyn'],
  ['[[1], [self.either]]', 'list(list(dyn))'],
  ['[[self.either], [1]]', 'list(list(dyn))'],
  ['[{"a": 1}, {"a": self.either}]', 'list(map(string, dyn))'],
  ['[{"a": 1}, {self.either: 1}]', 'list(map(dyn, int))'],
  ['[optional.of(1), optional.of(self.either)]', 'list(optional_type(dyn))'],
  ['[[], [1]]', 'list(list(int))'],
  ['[[1], []]', 'list(list(int))'],
  ['[null, self.when]', 'list(timestamp)'],
  ['[self.when, null]', 'list(null)'],
  ['null == self.when', 'bool'],
  ['type(self.size)', 'type(int)'],
  ['[self.?name]', 'list(optional_type(string))'],
])('%s has type %s', (source, type) => {
  expect(typeText(compile(source, known).type)).toBe(type);
});

it.each([
  ['self.none', "ERROR: <input>:1:5: undefined field 'none'\n | self.none\n | ....^"],
  ['foo', "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')\n | foo\n | ^"],
  ['foo(1)', "ERROR: <input>:1:4: undeclared reference to 'foo' (in container '')\n | foo(1)\n | ...^"],
  ['self.size + "a"', "found no matching overload for '_+_' applied to '(int, string)'"],
  ['self.size == self.name', "found no matching overload for '_==_' applied to '(int, string)'"],
  ['self.name.startsWith(1)', "found no matching overload for 'startsWith' applied to 'string.(int)'"],
  ['self.size ? 1 : 2', "found no matching overload for '_?_:_' applied to '(int, int, int)'"],
  ['true ? 1 : "a"', "found no matching overload for '_?_:_' applied to '(bool, int, string)'"],
  [
    'self.size.all(x, true)',
    "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
  ],
  ['self.tags.all(x, x)', "expected type 'bool' but found 'string'"],
  ['self.name.x', "type 'string' does not support field selection"],
  ['[1, "a"]', "ERROR: <input>:1:5: expected type 'int' but found 'string'"],
  ['self.open.x', "undefined field 'x'"],
  ['self.name.matches("(")', 'invalid matches argument'],
  ['duration("x") > self.span', 'invalid duration argument'],
  ['self.', "Syntax error: mismatched input '<EOF>' expecting IDENTIFIER"],
  ['1 +', "Syntax error: mismatched input '<EOF>'"],
  ['1 1', "Syntax error: extraneous input '1'"],
  ['"abc', 'token recognition error'],
  ['has(self)', 'invalid argument to has() macro'],
  ['self.tags.all(1, true)', 'argument must be a simple name'],
  ['Missing{a: 1}', "undeclared reference to 'Missing'"],
  [`self${'.a'.repeat(20_000)}`, 'recursion limit exceeded'],
  [`1${' + 1'.repeat(20_000)} == 1`, 'recursion limit exceeded'],
  [`${'!'.repeat(20_000)}true`, 'recursion limit exceeded'],
  [`${'['.repeat(20_000)}`, 'recursion limit exceeded'],
  [`true${' && true'.repeat(5_000)}`, 'compiles'],
  [`${'('.repeat(300)}1${')'.repeat(300)}`, 'recursion limit exceeded'],
])('%.60s is refused: %s', (source, message) => {
  expect(messageOf(source)).toContain(message);
});

it('names every complaint, in the order of the text', () => {
  const lines = messageOf('self.a == 1 &&\n self.b == foo').split('\n');
  expect(lines.filter((line) => line.startsWith('ERROR'))).toEqual([
    "ERROR: <input>:1:5: undefined field 'a'",
    "ERROR: <input>:2:6: undefined field 'b'",
    "ERROR: <input>:2:12: undeclared reference to 'foo' (in container '')",
  ]);
});

describe('JSON below a schema', () => {
  const self = shape.valueOf({
    metadata: { name: 'm', labels: { hidden: 'yes' } },
    size: 3,
    share: 2,
    name: 'abc',
    when: '2020-01-01T00:00:00Z',
    span: '90s',
    data: 'YWJj',
    either: '5%',
    tags: ['a', 'b'],
    ports: [{ port: 80, name: 'http' }, { port: 443 }],
    labels: { a: 'b' },
    namespace: 'ns',
    extra: 1,
  });
  const oldSelf = shape.valueOf({ size: 3, tags: ['b', 'a'], ports: [{ port: 443 }, { port: 80, name: 'http' }] });

  it.each([
    ['self.size / 2 == 1 && self.share / 4.0 == 0.5'],
    ['self.when < timestamp("2021-01-01T00:00:00Z") && self.span == duration("1m30s") && self.data == b"abc"'],
    ['type(self.either) == string && self.either.endsWith("%")'],
    ['has(self.name) && !has(oldSelf.name) && self.metadata.name == "m" && self.__namespace__ == "ns"'],
    ['self.tags == oldSelf.tags && self.ports == oldSelf.ports && self.tags != ["a"]'],
    ['self.tags + ["b", "c"] == ["a", "b", "c"] && self.ports.all(p, p.port > 0)'],
    ['self.labels.a == "b" && self.labels.all(k, self.labels[k] == "b") && size(self.labels) == 1'],
    ['self.ports.filter(p, has(p.name)).map(p, p.port) == [80]'],
    ['self == self && self != oldSelf'],
  ])('makes true: %s', (source) => {
    expect(jsonOf(compile(source, known).run({ self, oldSelf }))).toBe(true);
  });
});
