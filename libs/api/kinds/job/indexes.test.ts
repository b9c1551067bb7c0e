import { countIndexes } from './indexes.ts';

describe('indexes', () => {
  it.each([
    ['', 0],
    ['1', 1],
    ['0-2,4', 4],
    ['1,3-5,7', 5],
  ])('%p are %d', (text, count) => expect(countIndexes(text, 10)).toBe(count));

  it.each(['a', '2-1', '1,1', '3,1', '10', '1-', '-1', '1-2-3'])('%p are none', (text) => {
    expect(countIndexes(text, 10)).toBeUndefined();
  });
});
