import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockDirectory } from './directory-lock.ts';

/** Clock ticks since boot at which a process started, whatever has become of it. */
function startedAt(pid: number): string {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
}

describe('the lock of a directory', () => {
  let path: string;
  const children: number[] = [];
  const ownedBy = (pid: number, started = startedAt(pid)) => writeFileSync(join(path, 'owner'), `${pid} ${started} 1`);
  const start = (command: string, ...args: string[]): number => {
    const { pid } = spawn(command, args, { stdio: 'ignore' });
    children.push(pid!);
    return pid!;
  };

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'berth-lock-'));
  });
  afterEach(() => {
    for (const pid of children.splice(0)) process.kill(pid, 'SIGKILL');
    rmSync(path, { recursive: true, force: true });
  });

  it('is held once in a process, and again after its release', () => {
    const first = lockDirectory(path);
    expect(() => lockDirectory(path)).toThrow(`the store ${path} is in use by process ${process.pid}`);
    first.release();
    lockDirectory(path).release();
  });

  it('is not taken from a process that stays', () => {
    const pid = start('sleep', '60');
    ownedBy(pid);
    expect(() => lockDirectory(path)).toThrow(`in use by process ${pid}`);
    expect(readFileSync(join(path, 'owner'), 'utf8')).toContain(`${pid} `);
  });

  it('is taken from one that ends meanwhile, though nobody has waited for it', () => {
    ownedBy(start('sleep', '0.2'));
    lockDirectory(path).release();
  });

  it('is taken from a zombie that stays one', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(parent.pid!);
    const zombie = await new Promise<number>((told) => parent.stdout.once('data', (line) => told(Number(line))));
    ownedBy(zombie);
    lockDirectory(path).release();
    expect(startedAt(zombie)).toBeDefined();
  });

  it('is taken from an id that another process has by now', () => {
    ownedBy(process.ppid, '1');
    lockDirectory(path).release();
  });

  it('says that a directory cannot be written', () => {
    expect(() => lockDirectory(join(path, 'nowhere'))).toThrow('cannot be written');
  });
});
