import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SharedTexts } from './shared-texts.ts';

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

const textBytes = 100_000;
const textsKept = 100;

/** Bytes of memory that texts take while they are kept: each is made anew, from bytes, and kept as `keep` answers it. */
function bytesKept(keep: (bytes: Buffer) => string, letterOf: (index: number) => string): number {
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const kept = Array.from({ length: textsKept }, (_, index) => keep(Buffer.alloc(textBytes, letterOf(index))));
  collectGarbage();
  const after = process.memoryUsage().heapUsed;
  expect(kept).toHaveLength(textsKept);
  return after - before;
}

describe('SharedTexts', () => {
  it('answers with an equal text, whatever has been forgotten', () => {
    const texts = new SharedTexts(3);
    for (let index = 0; index < 50; index++) {
      const text = `text ${index % 11}`;
      expect(texts.of(text)).toBe(text);
    }
  });

  it('reads a part of some bytes, and the same text again for an equal part', () => {
    const texts = new SharedTexts(3);
    const parts = ['one', 'one', 'two', 'on', 'one', '\u00ff', '\u00ff'];
    for (const part of parts) expect(texts.ofBytes(Buffer.from(`(${part})`, 'latin1'), 1, part.length + 1)).toBe(part);
  });

  const one = () => 'a';
  const byTurns = (index: number) => 'abc'[index % 3]!;
  const rotating = (index: number) => String.fromCharCode(97 + Math.floor(index / 10));
  it.each<[string, (index: number) => string, number]>([
    ['the same text, over and over', one, 1],
    ['three texts by turns', byTurns, 3],
    ['ten texts in runs, more than are known', rotating, 10],
  ])('keeps one copy of each of %s', (_, letterOf, copies) => {
    const ofTexts = new SharedTexts(3);
    const ofBytes = new SharedTexts(3);
    const ways = [
      (bytes: Buffer) => ofTexts.of(bytes.toString('latin1')),
      (bytes: Buffer) => ofBytes.ofBytes(bytes, 0, bytes.length),
    ];
    for (const keep of ways) expect(bytesKept(keep, letterOf)).toBeLessThan((copies + 5) * textBytes);
    // To know that memory shows it at all.
    expect(bytesKept((bytes) => bytes.toString('latin1'), letterOf)).toBeGreaterThan((textsKept - 5) * textBytes);
  });
});
