import { systemClock } from '../../base/clock.ts';
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
