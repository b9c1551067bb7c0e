import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { builtinKinds } from '../../libs/api/kinds/index.ts';
import { reviews } from '../../libs/api/kinds/review.ts';
import { sleep, systemClock } from '../../libs/base/clock.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { RequestMaker } from './requests.ts';
import { type Finding, type FuzzTarget, fuzz } from './run.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    port: { type: 'string', default: '6490' },
    concurrency: { type: 'string', default: '8' },
    show: { type: 'string', default: '20' },
  },
});

const startMs = 60_000;
const pollMs = 200;
const say = (text: string) => process.stdout.write(`${text}\n`);

/** A whole control plane in a process of its own, so that its memory can be told and its death be seen. */
async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'berth-fuzz-'));
  const program = join(import.meta.dirname, '../../apps/server/main.js');
  const server = spawn(process.execPath, [program, '--home', home, '--host', '127.0.0.1', '--port', values.port], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  let died: string | undefined;
  server.once('exit', (code, signal) => {
    died = `the server ended with ${signal ?? code}`;
  });
  try {
    const target = await whenReady(home);
    const maker = new RequestMaker(seededRandom(Number(values.seed)), [...builtinKinds, ...reviews]);
    const count = Number(values.count);
    const memory: number[] = [];
    const report = await fuzz(target, maker, {
      count,
      concurrency: Number(values.concurrency),
      clock: systemClock,
      progress(done) {
        if (done >= ((memory.length + 1) * count) / 10) memory.push(residentMegabytes(server.pid));
      },
    });
    say(`${report.requests} requests with seed ${values.seed}, the slowest ${Math.round(report.slowestMs)} ms`);
    say(`codes: ${JSON.stringify(report.codes)}`);
    say(`resident memory after each tenth: ${memory.join(' ')} MB`);
    for (const one of report.slow.slice(0, Number(values.show))) say(`\nslow ${shown(one)}`);
    for (const one of report.findings.slice(0, Number(values.show))) say(`\n${shown(one)}`);
    say(died ?? `${report.findings.length} findings`);
    process.exitCode = died || report.findings.length > 0 ? 1 : 0;
  } finally {
    server.kill('SIGTERM');
    await sleep(systemClock, pollMs * 10);
    server.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

async function whenReady(home: string): Promise<FuzzTarget> {
  const read = (name: string) => readFileSync(join(home, 'pki', name), 'utf8');
  for (let waitedMs = 0; waitedMs < startMs; waitedMs += pollMs) {
    await sleep(systemClock, pollMs);
    try {
      readFileSync(join(home, 'kubeconfig'));
      return { port: Number(values.port), ca: read('ca.crt'), certificate: read('admin.crt'), key: read('admin.key') };
    } catch {
      // not yet
    }
  }
  throw new Error('the server does not start');
}

const shownCharacters = 400;

function shown({ number, request, what }: Finding): string {
  const body = request.body?.toString().slice(0, shownCharacters) ?? '';
  const head = `#${number} ${request.method} ${request.path} ${JSON.stringify(request.headers)}`;
  return `${head.slice(0, shownCharacters)}\n${request.body?.length ?? 0} bytes ${body}\n-> ${what}`;
}

function residentMegabytes(pid: number | undefined): number {
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1024);
}

await main();
