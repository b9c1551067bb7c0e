import { complaintsOf } from '../../../test/support/complaints.ts';
import { keyed } from './report.ts';
import {
  all,
  between,
  check,
  each,
  eachValue,
  fields,
  maxItems,
  oneOf,
  present,
  type Rule,
  required,
  unique,
} from './rule.ts';

interface Part {
  name?: string;
  size?: number;
  kind?: string;
}

interface Whole {
  parts?: Part[];
  sizes?: Record<string, number>;
}

const part: Rule<Part> = fields<Part>({ name: required(), size: between(1, 9), kind: oneOf(['A', 'B']) });
const whole: Rule<Whole> = fields<Whole>({
  parts: present(
    all<readonly Part[]>(
      maxItems(2),
      each(part),
      unique<Part>(({ name }) => name, 'name'),
    ),
  ),
  sizes: eachValue(between(1, 9)),
});

const cases: ReadonlyArray<readonly [name: string, value: Whole, complaints: readonly string[]]> = [
  ['nothing wrong', { parts: [{ name: 'a', size: 1, kind: 'A' }] }, []],
  ['a field that is missing', {}, ['Required parts']],
  ['a text that is empty', { parts: [{ name: '' }] }, ['Required parts[0].name']],
  [
    'items in their order',
    {
      parts: [
        { name: 'a', size: 0 },
        { name: 'b', kind: 'C' },
      ],
    },
    ['Invalid parts[0].size', 'NotSupported parts[1].kind'],
  ],
  ['names twice', { parts: [{ name: 'a' }, { name: 'a' }] }, ['Duplicate parts[1].name']],
  ['too many', { parts: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] }, ['TooMany parts']],
  ['values of a map', { parts: [], sizes: { x: 10 } }, ['Invalid sizes[x]']],
];

describe('rules', () => {
  it.each(cases)('find %s', (_, value, complaints) => {
    expect(complaintsOf(check(whole, value))).toEqual(complaints);
  });

  it('name keys of maps in brackets', () => {
    const rule: Rule<object> = (_, at) => at.invalid('why', 'data', keyed('a.b'), 0);
    expect(complaintsOf(check(rule, {}))).toEqual(['Invalid data[a.b][0]']);
  });
});
