// The whole gate, in the order in which things fail fastest. Prints what each step found and ends with 'N passed, N failed'.
//   node test/run.mjs [step ...]     only these steps
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
const scratch = mkdtempSync(join(tmpdir(), 'berth-test-'));

const command = (name, program, args) => ({
  name,
  run() {
    const done = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
    return done.status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
  },
});

const jest = (name, project, extra = []) => ({
  name,
  run() {
    const report = join(scratch, `${project}.json`);
    const args = [
      '--selectProjects',
      project,
      '--json',
      `--outputFile=${report}`,
      '--silent',
      '--reporters=default',
      ...extra,
    ];
    const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
    const done = spawnSync(bin('jest'), args, { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env });
    if (!existsSync(report)) return { passed: 0, failed: 1 };
    const result = JSON.parse(readFileSync(report, 'utf8'));
    const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
    return {
      passed: result.numPassedTests,
      // A run that ended badly has failed, whatever it counted; so has one that left something out.
      failed:
        failed +
        result.numPendingTests +
        (done.status !== 0 && failed === 0 ? 1 : 0) +
        (result.numTotalTests === 0 ? 1 : 0),
    };
  },
});

const steps = [
  ...(existsSync(join(root, 'node_modules'))
    ? []
    : [command('install', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])]),
  command('build', 'npm', ['run', '--silent', 'build']),
  command('format and lint', bin('biome'), ['ci', '--error-on-warnings', '.']),
  command('types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']),
  command('generated code', 'npm', ['run', '--silent', 'generate', '--', '--check']),
  jest('house', 'tidy'),
  jest('unit', 'unit'),
  jest('integration', 'integration', ['--runInBand', '--testTimeout=60000']),
  jest('golden', 'golden', ['--runInBand', '--testTimeout=300000']),
  jest('end to end', 'e2e', ['--runInBand', '--testTimeout=180000']),
];

const asked = process.argv.slice(2);
const total = { passed: 0, failed: 0 };
for (const step of steps.filter(({ name }) => asked.length === 0 || asked.includes(name))) {
  const started = performance.now();
  console.log(`== ${step.name}`);
  const { passed, failed } = step.run();
  total.passed += passed;
  total.failed += failed;
  console.log(
    `== ${step.name}: ${passed} passed, ${failed} failed in ${((performance.now() - started) / 1000).toFixed(1)} s`,
  );
  if (failed > 0 && ['install', 'build'].includes(step.name)) break;
}
rmSync(scratch, { recursive: true });
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
