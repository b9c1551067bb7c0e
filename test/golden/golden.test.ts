import { join } from 'node:path';
import { readCases } from './cases.ts';
import { type Outcome, Replay } from './replay.ts';
import { type GoldenServer, startGoldenServer } from './server.ts';
import { report, tally } from './tally.ts';

/** How many cases of an area answer as Kubernetes does, at least. Only ever raised. */
const floors: Readonly<Record<string, number>> = {
  apply: 36,
  conflict: 24,
  create: 37,
  custom: 15,
  delete: 19,
  discovery: 17,
  'dry-run': 24,
  errors: 4,
  finalizers: 2,
  immutable: 209,
  list: 15,
  'metadata-only': 23,
  'patch-json': 13,
  'patch-merge': 16,
  'patch-strategic': 12,
  rbac: 3,
  reviews: 1,
  scale: 2,
  table: 36,
  update: 43,
  validation: 1981,
};

const shownCases = 5;

describe('recorded exchanges with Kubernetes', () => {
  const cases = readCases(join(import.meta.dirname, 'cases.jsonl.gz'));
  let server: GoldenServer;
  let outcomes: Outcome[];

  beforeAll(async () => {
    server = await startGoldenServer();
    outcomes = await new Replay(server.send).run(cases);
  }, 300_000);
  afterAll(() => server.stop());

  it('cover every area that has a floor', () => {
    expect([...new Set(cases.map(({ area }) => area))].sort()).toEqual(Object.keys(floors).sort());
  });

  it.each(Object.entries(floors))('%s answers as recorded in %d cases or more', (area, floor) => {
    const failed = outcomes.filter((outcome) => outcome.area === area && outcome.differences.length > 0);
    const passed = tally(outcomes).get(area)?.passed ?? 0;
    if (passed < floor) throw new Error(failed.slice(0, shownCases).map(report).join('\n'));
  });
});
