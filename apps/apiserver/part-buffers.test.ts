import { Part, partBytes, Texts } from './part-buffers.ts';

const partsOf = (pieces: readonly string[]) => {
  const texts = new Texts(pieces);
  const parts: string[] = [];
  for (let more = true; more; ) {
    const { part, full } = Part.filled(texts);
    more = full;
    parts.push(part.bytes.toString('latin1'));
    part.release();
  }
  return parts;
};

describe('parts of long answers', () => {
  const tables: Array<{ name: string; pieces: string[]; parts: number }> = [
    { name: 'nothing', pieces: [], parts: 1 },
    { name: 'texts that are empty', pieces: ['', 'a', '', 'b', ''], parts: 1 },
    { name: 'a text longer than parts are', pieces: ['x'.repeat(2 * partBytes + 5), 'é'], parts: 3 },
    { name: 'many texts', pieces: Array.from({ length: 3_000 }, (_, i) => `${i} `.repeat(30)), parts: 2 },
  ];
  it.each(tables)('hold $name, every letter once and in order', ({ pieces, parts }) => {
    const made = partsOf(pieces);
    expect(made.join('')).toBe(pieces.join(''));
    expect(made).toHaveLength(parts);
  });

  it('come to an end although the last of them is full', () => {
    expect(partsOf(['y'.repeat(partBytes)]).map((part) => part.length)).toEqual([partBytes, 0]);
  });

  it('are framed as chunks', () => {
    const { part } = Part.filled(new Texts(['ab', 'c']));
    expect(part.chunk.toString()).toBe('00003\r\nabc\r\n');
  });

  it('are there for the next answer when the texts of one cannot be made', () => {
    const { part } = Part.filled(new Texts(['a']));
    part.release();
    const broken = function* () {
      yield 'a';
      throw new Error('no such text');
    };
    expect(() => Part.filled(new Texts(broken()))).toThrow('no such text');
    expect(Part.filled(new Texts(['b'])).part).toBe(part);
  });
});
