import fc from 'fast-check';
import { isLabel, isPrintableButEquals, isSubdomain, isWord } from './letters.ts';

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const cases: Array<[string, (text: string) => boolean, RegExp]> = [
  ['words', isWord, /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/],
  ['labels', isLabel, new RegExp(`^${label}$`)],
  ['subdomains', isSubdomain, new RegExp(`^${label}(\\.${label})*$`)],
  ['names of variables', isPrintableButEquals, /^[\x20-\x3c\x3e-\x7e]+$/],
];

const letters = fc.constantFrom(...'aZ09-._=', '\n', ' ', '~', '\u007f', 'é', '\u212a', '😀');
const plain = fc.constantFrom(...'a0-.');
const texts = fc.oneof(
  fc.string({ unit: letters, maxLength: 6 }),
  fc.string({ unit: plain, maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);

describe('shapes of words', () => {
  it.each(cases)('are those of the regular expressions of the Kubernetes API: %s', (_name, fits, pattern) => {
    fc.assert(
      fc.property(texts, (text) => {
        expect({ text, fits: fits(text) }).toEqual({ text, fits: pattern.test(text) });
      }),
      { numRuns: 3_000 },
    );
  });
});
