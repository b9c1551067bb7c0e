import { Sight } from './sight.ts';

type Step = ['read' | 'written', number];
const every = (what: Step[0], fromMs: number, toMs: number): Step[] =>
  Array.from({ length: Math.floor((toMs - fromMs) / 5_000) + 1 }, (_, index) => [what, fromMs + index * 5_000]);

describe('sight', () => {
  const reads = every('read', 0, 100_000);
  it.each([
    { name: 'as long as reads succeed', steps: reads, sinceMs: 0 },
    { name: 'despite a read that failed', steps: reads.filter(([, atMs]) => atMs !== 50_000), sinceMs: 0 },
    { name: 'anew after a gap', steps: reads.filter(([, atMs]) => atMs < 30_000 || atMs > 50_000), sinceMs: 55_000 },
    { name: 'not at all while reads fail', steps: every('read', 0, 80_000), sinceMs: 100_000 },
    { name: 'as long as servers write', steps: [...reads, ...every('written', 1, 100_001)], sinceMs: 1 },
    {
      name: 'not at all while servers cannot write',
      steps: [...reads, ...every('written', 1, 80_001)],
      sinceMs: 100_000,
    },
  ])('lasts $name', ({ steps, sinceMs }) => {
    const sight = new Sight(0);
    for (const [what, atMs] of steps) sight[what](atMs);
    expect(sight.sinceMs(100_000)).toBe(sinceMs);
  });

  it('misses no server once none is left', () => {
    const sight = new Sight(0);
    sight.written(0);
    for (const [, atMs] of reads) sight.read(atMs);
    expect(sight.sinceMs(100_000)).toBe(100_000);
    sight.expectNoWrites();
    expect(sight.sinceMs(100_000)).toBe(0);
  });
});
