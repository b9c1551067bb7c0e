import type { Outcome } from './replay.ts';

export interface AreaTally {
  passed: number;
  total: number;
}

export function tally(outcomes: readonly Outcome[]): Map<string, AreaTally> {
  const areas = new Map<string, AreaTally>();
  for (const { area, differences } of outcomes) {
    const counted = areas.get(area) ?? { passed: 0, total: 0 };
    counted.total++;
    if (differences.length === 0) counted.passed++;
    areas.set(area, counted);
  }
  return areas;
}

const shownPerCase = 5;
const shownCharactersMax = 300;

/** Where a case's answers were not as recorded, for people. */
export function report({ area, id, differences }: Outcome): string {
  const show = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, shownCharactersMax);
  const lines = differences
    .slice(0, shownPerCase)
    .map(({ at, want, got }) => `  ${at}\n    want ${show(want)}\n    got  ${show(got)}`);
  return [`${area} ${id}`, ...lines].join('\n');
}
