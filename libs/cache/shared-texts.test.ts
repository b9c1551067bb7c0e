import { SharedTexts } from './shared-texts.ts';

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
});
