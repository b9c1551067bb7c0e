import fc from 'fast-check';
import { FieldSet } from './field-set.ts';

/** Paths of the same few elements, so that sets meet often. */
const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}'), { minLength: 1, maxLength: 3 });
const paths = fc.array(path, { maxLength: 8 });

const members = (set: FieldSet) => set.paths().map((one) => one.join(' '));
const model = (list: readonly string[][]) => new Set(list.map((one) => one.join(' ')));
const sorted = (texts: Iterable<string>) => [...texts].sort();

describe('field sets', () => {
  const laws: Array<{ name: string; of(a: FieldSet, b: FieldSet): FieldSet; has(a: boolean, b: boolean): boolean }> = [
    { name: 'union', of: (a, b) => a.union(b), has: (a, b) => a || b },
    { name: 'intersection', of: (a, b) => a.intersection(b), has: (a, b) => a && b },
    { name: 'difference', of: (a, b) => a.difference(b), has: (a, b) => a && !b },
  ];
  it.each(laws)('have the members of a $name, and stay the same instance where nothing changes', ({ of, has }) => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const [a, b] = [FieldSet.of(left), FieldSet.of(right)];
        const [ofA, ofB] = [model(left), model(right)];
        const got = of(a, b);
        const want = [...new Set([...ofA, ...ofB])].filter((one) => has(ofA.has(one), ofB.has(one)));
        expect(sorted(members(got))).toEqual(sorted(want));
        expect(got.equals(FieldSet.of(want.map((one) => one.split(' '))))).toBe(true);
        if (of !== laws[1]!.of && want.length === ofA.size) expect(got).toBe(a);
      }),
    );
  });

  it('lose a member with all that stands below it', () => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const gone = right.map((one) => one.join(' '));
        const below = (one: string) => gone.some((prefix) => one === prefix || one.startsWith(`${prefix} `));
        const got = FieldSet.of(left).recursiveDifference(FieldSet.of(right));
        expect(sorted(members(got))).toEqual(sorted([...model(left)].filter((one) => !below(one))));
      }),
    );
  });

  it('are equal only when they have the same members', () => {
    fc.assert(
      fc.property(paths, paths, (left, right) => {
        const same = sorted(model(left)).join() === sorted(model(right)).join();
        expect(FieldSet.of(left).equals(FieldSet.of(right))).toBe(same);
      }),
    );
  });
});
