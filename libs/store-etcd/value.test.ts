import { placesMax } from './revisions.ts';
import { markBehind, unmarkedValue } from './value.ts';

const markedValue = (value: Buffer, place: number) => Buffer.concat([value, markBehind(value, place)]);

const values = ['', '{}', '{"a":1}', ' ', '\n', '{}\n', '{}\n \t\r', '\t\r ', 'x\n\n', '\u0000', 'ä\n'];

describe('values with their places', () => {
  it.each(values)('gives %j back from every place', (text) => {
    for (let place = 0; place < placesMax; place++) {
      const { value, place: read } = unmarkedValue(markedValue(Buffer.from(text), place));
      expect([value.toString(), read]).toEqual([text, place]);
    }
  });

  it('stays the JSON that it was', () => {
    for (const place of [0, 1, 2, 3, 77, placesMax - 1]) {
      expect(JSON.parse(markedValue(Buffer.from('{"a":[1]}'), place).toString())).toEqual({ a: [1] });
    }
  });

  it('leaves what stands at place 0 as it is, as stores had it before there were places', () => {
    const value = Buffer.from('{"a":1}');
    expect(markedValue(value, 0).equals(value)).toBe(true);
    expect(unmarkedValue(value)).toEqual({ value, place: 0 });
  });
});
