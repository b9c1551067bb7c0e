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

const jest = (name, project, { extra = [], again = false } = {}) => ({
  name,
  run() {
    const first = runJest(project, extra);
    if (!again || first.failed === 0 || !isFew(first.failedFiles)) return first;
    console.log(`== ${name}: ${first.failed} failed; once more, to tell what is broken from what is unsteady`);
    const second = runJest(project, [...extra, '--runTestsByPath', ...first.failedFiles]);
    const { failedFiles, failed } = second;
    for (const file of first.failedFiles) if (!failedFiles.includes(file)) console.log(`== unsteady: ${file}`);
    return { passed: first.passed + first.failed - failed, failed };
  },
});

/** Real machines in real time fail now and then on a busy one; more files than this at once are no accident. */
const unsteadyFilesMax = 2;
const isFew = (files) => files.length > 0 && files.length <= unsteadyFilesMax;

function runJest(project, extra) {
  const report = join(scratch, `${project}.json`);
  rmSync(report, { force: true });
  const args = ['--selectProjects', project, '--json', `--outputFile=${report}`, '--silent', '--reporters=default'];
  const env = { ...process.env, NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning' };
  const options = { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env };
  const done = spawnSync(bin('jest'), [...args, ...extra], options);
  if (!existsSync(report)) return { passed: 0, failed: 1, failedFiles: [] };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  // What is left out has failed too, and so has a run that ended badly whatever it counted.
  const counted = result.numFailedTests + result.numRuntimeErrorTestSuites + result.numPendingTests;
  const failed = counted > 0 ? counted : Number(done.status !== 0 || result.numTotalTests === 0);
  const failedFiles = result.testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);
  // An unknown cause is not mended by running some files again.
  return { passed: result.numPassedTests, failed, failedFiles: counted > 0 ? failedFiles : [] };
}

const steps = [
  ...(existsSync(join(root, 'node_modules'))
    ? []
    : [command('install', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])]),
  command('build', 'npm', ['run', '--silent', 'build']),
  command('format and lint', bin('biome'), ['ci', '--error-on-warnings', '.']),
  command('types', bin('tsc'), ['-p', 'tsconfig.json', '--noEmit']),
  command('generated code', 'npm', ['run', '--silent', 'generate', '--', '--check']),
  jest('house', 'tidy'),
  jest('unit', 'unit', { extra: ['--testTimeout=20000'], again: true }),
  jest('integration', 'integration', { extra: ['--runInBand', '--testTimeout=60000'], again: true }),
  jest('golden', 'golden', { extra: ['--runInBand', '--testTimeout=300000'] }),
  jest('end to end', 'e2e', { extra: ['--runInBand', '--testTimeout=180000'], again: true }),
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
