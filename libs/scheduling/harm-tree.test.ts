import { seededRandom } from '../base/random.ts';
import { compareHarm, type Harm } from './harm.ts';
import { HarmTree } from './harm-tree.ts';

describe('a tree of harm', () => {
  it.each([1, 2, 3, 4])('always picks a slot with the least harm: seed %i', (seed) => {
    const random = seededRandom(seed);
    const below = (count: number) => Math.floor(random.next() * count);
    const tree = new HarmTree();
    const harms = new Map<number, Harm>();
    for (let step = 0; step < 500; step++) {
      const slot = below(40);
      const harm = {
        violations: below(2),
        highest: below(2),
        sum: below(3),
        count: below(2),
        firstStart: `${below(3)}`,
      };
      if (below(3) === 0) harms.delete(slot);
      else harms.set(slot, harm);
      tree.set(slot, harms.get(slot));
      const picked = tree.pick(step);
      const least = [...harms.values()].sort(compareHarm)[0];
      if (least === undefined) expect(picked).toBeUndefined();
      else expect(compareHarm(harms.get(picked!)!, least)).toBe(0);
    }
  });

  it('chooses each of several equal slots', () => {
    const tree = new HarmTree();
    for (let slot = 0; slot < 4; slot++)
      tree.set(slot, { violations: 0, highest: 1, sum: 1, count: 1, firstStart: '' });
    expect(new Set(Array.from({ length: 100 }, (_, at) => tree.pick(at * 7919))).size).toBe(4);
  });
});
