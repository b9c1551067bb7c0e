import { formatLabels, formatSelector, humanDuration } from './cells.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('a length of time', () => {
  it.each([
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 5 * second, '3m5s'],
    [10 * minute + second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [47 * hour, '47h'],
    [2 * day + hour, '2d1h'],
    [8 * day + hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [740 * day, '2y10d'],
    [3000 * day, '8y'],
    [-second, '0s'],
    [-minute, '<invalid>'],
  ])('of %d ms is %s', (milliseconds, text) => expect(humanDuration(milliseconds)).toBe(text));
});

describe('selectors', () => {
  it('are shown as one types them, by key', () => {
    const matchExpressions = [{ key: 'b', operator: 'NotIn', values: ['2', '1'] }];
    expect(formatSelector({ matchLabels: { c: 'd', a: 'b' }, matchExpressions })).toBe('a=b,b notin (1,2),c=d');
    expect(formatSelector({})).toBe('<none>');
    expect(formatLabels({ b: '2', a: '1' })).toBe('a=1,b=2');
  });
});
