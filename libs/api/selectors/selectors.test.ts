import { matchesFields, parseFieldSelector } from './field-selector.ts';
import { labelSelectorOf, parseLabelSelector, writeLabelSelector } from './label-selector.ts';
import { matchesLabels } from './requirement.ts';

describe('label selectors in string form', () => {
  const labels = { app: 'web', tier: 'front', weight: '7', 'example.org/team': 'a' };
  test.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier != back', true],
    ['app=db', false],
    ['missing!=x', true],
    ['app in (web,db)', true],
    ['app in (db)', false],
    ['app notin (db),tier', true],
    ['missing notin (x)', true],
    ['!app', false],
    ['!missing', true],
    ['missing', false],
    ['weight>6,weight<8', true],
    ['weight>7', false],
    ['app>1', false],
    ['example.org/team=a', true],
    ['app=', false],
    ['app in ()', false],
  ])('%p selects the labels: %p', (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  test.each([
    ['app=web=x', /expected ','/],
    ['app in web', /parentheses/],
    ['app in (web', /not closed/],
    ['=web', /a label key/],
    ['a/b/c=d', /label key/],
    ['-a=b', /letter or digit at both ends/],
    ['app=-web', /label value/],
    ['app>x', /whole number/],
    ['app,', /a label key/],
    [`app=${'x'.repeat(64)}`, /63/],
    ['app web', /none of/],
  ])('%p is refused', (text, why) => {
    expect(() => parseLabelSelector(text)).toThrow(why);
  });

  test('is written back sorted', () => {
    expect(writeLabelSelector(parseLabelSelector('z in (b,a),!y,x!=1,w'))).toBe('w,x!=1,!y,z in (a,b)');
  });
});

describe('label selectors in objects', () => {
  test('absent selects nothing, empty selects everything', () => {
    expect(matchesLabels(labelSelectorOf(undefined), {})).toBe(false);
    expect(matchesLabels(labelSelectorOf({}), undefined)).toBe(true);
  });

  test('labels and expressions must all hold', () => {
    const selector = labelSelectorOf({
      matchLabels: { a: '1' },
      matchExpressions: [{ key: 'b', operator: 'NotIn', values: ['2'] }],
    });
    expect(matchesLabels(selector, { a: '1' })).toBe(true);
    expect(matchesLabels(selector, { a: '1', b: '2' })).toBe(false);
  });

  test('an unknown operator is refused', () => {
    expect(() => labelSelectorOf({ matchExpressions: [{ key: 'a', operator: 'Near' }] })).toThrow(/Near/);
  });
});

describe('field selectors', () => {
  const read = (field: string) => ({ 'metadata.name': 'a,b', 'status.phase': 'Running' })[field] ?? '';
  test.each([
    ['', true],
    ['status.phase=Running', true],
    ['status.phase!=Running', false],
    ['metadata.name=a\\,b,status.phase==Running', true],
    ['spec.nodeName=', true],
  ])('%p matches: %p', (text, expected) => {
    expect(matchesFields(parseFieldSelector(text), read)).toBe(expected);
  });

  test.each(['status.phase', 'a=b=c', 'a=b\\x'])('%p is refused', (text) => {
    expect(() => parseFieldSelector(text)).toThrow(/field selector/);
  });
});
