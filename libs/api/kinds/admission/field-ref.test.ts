import { isFieldPath } from './field-ref.ts';

it.each<[string, boolean]>([
  ['spec.validations[0].expression', true],
  ['.spec.validations[*]', true],
  ['$.spec["a"]', false],
  ["$.spec['a.b'].c", true],
  ['.a[0,1]', true],
  ['.a[0:-1:2]', true],
  ['.a[?(@.b == "]")].c', true],
  ['..name', true],
  ['.a\\.b-c', true],
  ['"text" 1.5', true],
  ['....', false],
  ['.a[', false],
  ['.a[x]', false],
  ['.a[0,x]', false],
  ['.a[-]', false],
  ['.a[?(@.b]', false],
  ['.a]', false],
  ['"open', false],
  ['1.2.3', false],
  ['#', false],
])('%s is a path: %s', (text, expected) => {
  expect(isFieldPath(text)).toBe(expected);
});

it.each([
  ['fields', `${'.1'.repeat(5000)} #`],
  ['an open filter', `[?(${'a)'.repeat(5000)}`],
])('does not take long over %s', (_what, text) => {
  expect(isFieldPath(text)).toBe(false);
});
