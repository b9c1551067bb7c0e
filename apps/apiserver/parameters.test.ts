import { forced, writeRequest } from './parameters.ts';

const asker = { user: { name: 'u', groups: [] }, userAgent: 'kubectl/v1', warn: () => {} };
const managerOf = (query: string) =>
  writeRequest(asker, { verb: 'patch', query: new URLSearchParams(query) }, undefined).fieldManager;

describe('parameters of a write', () => {
  it('name the manager, in letters that can be printed', () => {
    expect(managerOf('')).toBe('kubectl');
    expect(managerOf('fieldManager=a%20b')).toBe('a b');
    const causes = [{ field: 'fieldManager', reason: 'FieldValueInvalid' }];
    expect(() => managerOf('fieldManager=a%0Ab')).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ causes: [expect.objectContaining(causes[0]!)] }) }),
    );
  });

  it.each([
    ['', false],
    ['force=true', true],
    ['force=1', true],
    ['force=false', false],
    ['force=0', false],
  ])('force an apply: %s', (query, expected) => {
    expect(forced(new URLSearchParams(query), 'apply')).toBe(expected);
  });

  it('force nothing but applies', () => {
    expect(forced(new URLSearchParams(), 'merge')).toBe(false);
    expect(() => forced(new URLSearchParams('force=false'), 'merge')).toThrow(/force/);
  });
});
