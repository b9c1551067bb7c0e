import { SharedTexts } from './shared-texts.ts';

describe('SharedTexts', () => {
  it('answers with an equal text, whatever has been forgotten', () => {
    const texts = new SharedTexts(3);
    for (let index = 0; index < 50; index++) {
      const text = `text ${index % 11}`;
      expect(texts.of(text)).toBe(text);
    }
  });
});
