import { compare } from './generate-limits.mjs';

describe('what is generated', () => {
  it('includes the table of limits, up to date (`npm run generate` writes it)', () => {
    const { stands, renewed } = compare();
    expect(stands.length).toBeGreaterThan(0);
    expect(renewed).toContain(stands);
  });
});
