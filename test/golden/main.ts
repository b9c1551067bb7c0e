import { parseArgs } from 'node:util';
import { readCases } from './cases.ts';
import { Replay } from './replay.ts';
import { startGoldenServer } from './server.ts';
import { report, tally } from './tally.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    area: { type: 'string' },
    id: { type: 'string' },
    show: { type: 'string', default: '20' },
  },
});

async function main(): Promise<void> {
  const cases = readCases(positionals[0] ?? 'test/golden/cases.jsonl.gz').filter(
    ({ area, id }) => (!values.area || values.area.split(',').includes(area)) && (!values.id || id.includes(values.id)),
  );
  const server = await startGoldenServer();
  const outcomes = await new Replay(server.send).run(cases);
  await server.stop();
  const failed = outcomes.filter(({ differences }) => differences.length > 0);
  const lines = failed.slice(0, Number(values.show)).map((outcome) => `${report(outcome)}\n`);
  for (const [area, { passed, total }] of tally(outcomes)) lines.push(`${area}: ${passed} of ${total}`);
  lines.push(`${outcomes.length - failed.length} passed, ${failed.length} failed`);
  process.stdout.write(`${lines.join('\n')}\n`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

await main();
