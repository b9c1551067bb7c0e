import { sortedJson } from './sorted-json.ts';

it.each<[string, unknown, string]>([
  ['members by their names', { b: 1, a: [{ d: null, c: true }] }, '{"a":[{"c":true,"d":null}],"b":1}'],
  ['names that are numbers by their letters', { 9: 1, 10: 2, a: 3 }, '{"10":2,"9":1,"a":3}'],
  ['names by their bytes', { '\u{1f600}': 1, '\uff00': 2 }, '{"\uff00":2,"\u{1f600}":1}'],
  ['no member that is not there', { a: undefined, b: 1 }, '{"b":1}'],
  ['nothing that HTML reads', { 'a&': '<b>' }, '{"a\\u0026":"\\u003cb\\u003e"}'],
  ['no end of a line of JavaScript', 'a\u2028b\u2029c', '"a\\u2028b\\u2029c"'],
])('writes %s', (_what, value, text) => {
  expect(sortedJson(value)).toBe(text);
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
});
