import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep, systemClock } from '../base/clock.ts';
import { endProcessesNaming } from './reset.ts';

describe('the processes of a node that is reset', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'reset-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const running = async () => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
    return lines.filter((line) => line.includes(folder)).length;
  };
  const until = async (count: number) => {
    while ((await running()) !== count) await sleep(systemClock, 10);
  };
  const start = (script: string, name: string) =>
    spawn('sh', ['-c', script, join(folder, name)], { stdio: 'ignore', detached: true }).unref();
  const lasting = 'while :; do sleep 0.1; done';

  it('end, also one that another starts as it is told to end', async () => {
    start(`trap 'setsid sh -c "${lasting}" ${join(folder, 'late')} & exit 0' TERM; ${lasting}`, 'containerd');
    start(lasting, 'shim');
    await until(2);
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(0);
  });

  it('are none of those of a folder beside it', async () => {
    start(lasting, 'shim');
    await until(1);
    await endProcessesNaming(folder.slice(0, -1), systemClock);
    expect(await running()).toBe(1);
    await endProcessesNaming(folder, systemClock);
    expect(await running()).toBe(0);
  });
});
