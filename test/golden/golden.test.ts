import { join } from 'node:path';
import { readCases } from './cases.ts';
import { type Outcome, Replay } from './replay.ts';
import { type GoldenServer, startGoldenServer } from './server.ts';
import { report, tally } from './tally.ts';

/** How many cases of an area answer as Kubernetes does, at least. Only ever raised. */
const floors: Readonly<Record<string, number>> = {
  apply: 34,
  conflict: 22,
  create: 33,
  custom: 4,
  delete: 18,
  discovery: 15,
  'dry-run': 23,
  errors: 4,
  finalizers: 1,
  immutable: 197,
  list: 15,
  'metadata-only': 22,
  'patch-json': 12,
  'patch-merge': 15,
  'patch-strategic': 11,
  rbac: 3,
  reviews: 1,
  scale: 2,
  table: 33,
  update: 40,
  validation: 1932,
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
