import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, sleep, systemClock } from '../base/clock.ts';
import { endProcessesNaming } from './reset.ts';

describe('the processes of a node that is reset', () => {
  let folder: string;
  /** Shells under the names of the runtime's programs. */
  let programs: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reset-'));
    programs = mkdtempSync(join(tmpdir(), 'programs-'));
    for (const name of ['containerd', 'containerd-shim-runc-v2', 'tail']) copyFileSync('/bin/sh', join(programs, name));
  });
  afterEach(() => {
    for (const path of [folder, programs]) rmSync(path, { recursive: true, force: true });
  });

  const running = async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return lines.filter((line) => line.includes(folder)).length;
  };
  const until = async (count: number) => {
    while ((await running()) !== count) await sleep(systemClock, 10);
  };
  const start = (script: string, name: string) =>
    spawn(join(programs, name), ['-c', script, join(folder, name)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
  const lasting = 'while :; do sleep 0.1; done';

  it('end, also one that another starts as it is told to end', async () => {
    start(
      `trap 'setsid ${programs}/containerd-shim-runc-v2 -c "${lasting}" ${join(folder, 'late')} & exit 0' TERM; ${lasting}`,
      'containerd',
    );
    start(lasting, 'containerd-shim-runc-v2');
    await until(2);
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(0);
  });

  it('end, the agent among them', async () => {
    const agent = join(programs, 'apps/agent');
    mkdirSync(agent, { recursive: true });
    writeFileSync(join(agent, 'main.js'), lasting);
    spawn('/bin/sh', [join(agent, 'main.js'), '--run', folder], { stdio: 'ignore', detached: true });
    await until(1);
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(0);
  });

  it('are none of those of a folder beside it', async () => {
    start(lasting, 'containerd-shim-runc-v2');
    await until(1);
    await endProcessesNaming(folder.slice(0, -1), systemClock);
    expect(await running()).toBe(1);
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(0);
  });

  it('are none that only look at its files', async () => {
    const looking = start(lasting, 'tail');
    await until(1);
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(1);
    looking.kill('SIGKILL');
    await until(0);
  });

  it('are none of those that the one that resets was started by', async () => {
    const above = start(`sh -c 'echo $$; ${lasting}' & ${lasting}`, 'containerd');
    const [line] = (await once(above.stdout, 'data')) as [Buffer];
    const self = Number(String(line));
    await endProcessesNaming(folder, systemClock, self);
    expect(await running()).toBe(1);
    process.kill(self, 'SIGKILL');
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(0);
  });

  it('are told of when they do not end in time', async () => {
    const { pid } = start(lasting, 'containerd');
    await until(1);
    let looks = 0;
    const late: Clock = { ...systemClock, monotonic: () => (looks++ === 0 ? 0 : 30_000) };
    await expect(endProcessesNaming(folder, late)).rejects.toThrow(`processes of ${folder} do not end: ${pid}`);
    await endProcessesNaming(folder, systemClock);
  });
});
