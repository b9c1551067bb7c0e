import fc from 'fast-check';
import { decodePlain } from './decode.ts';

const letters = fc.constantFrom('"', '\\', ':', '{', '}', ',', 'a', 'é', '😀', '\n');
const texts = fc.string({ unit: letters, maxLength: 5 });
const values = fc.jsonValue({ depthSize: 'small', stringUnit: letters });

/** The same JSON with blanks about, and with letters beyond ASCII written as they are or escaped. */
const written = (value: unknown, { blanks, escapes }: { blanks: boolean; escapes: boolean }) => {
  const text = JSON.stringify(value, undefined, blanks ? '\t' : undefined);
  return escapes
    ? text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    : text;
};
const style = fc.record({ blanks: fc.boolean(), escapes: fc.boolean() });

describe('keys that stand twice', () => {
  it('are found in no JSON that has none, whatever its texts look like', () => {
    fc.assert(
      fc.property(values, style, (value, how) => {
        const { complaints, value: read } = decodePlain(Buffer.from(written(value, how)), 'json');
        expect(complaints).toEqual([]);
        expect(read).toEqual(JSON.parse(written(value, how)));
      }),
    );
  });

  it('are found wherever they stand', () => {
    fc.assert(
      fc.property(texts, values, values, style, (key, first, second, how) => {
        const [name, one, two] = [key, first, second].map((part) => written(part, how));
        const body = Buffer.from(`[{"x":${one},${name} : ${one},${name}:${two}}]`);
        expect(decodePlain(body, 'json').complaints.length).toBeGreaterThan(0);
      }),
    );
  });
});
