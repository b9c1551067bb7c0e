import { execFile, spawn } from 'node:child_process';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A command that failed, with what it said. */
export class CommandError extends Error {
  readonly argv: readonly string[];
  readonly stderr: string;

  constructor(argv: readonly string[], stderr: string, cause?: unknown) {
    const said = stderr.trim() === '' ? String(cause ?? 'no message') : stderr.trim();
    super(`${argv.join(' ')}: ${said}`, { cause });
    this.name = 'CommandError';
    this.argv = argv;
    this.stderr = stderr;
  }
}

export interface RunOptions {
  /** Written to the command's standard input. */
  input?: string;
  timeoutMs?: number;
}

/** A log larger than this is put aside when its process starts. */
const logBytesMax = 10 * 1024 * 1024;
const commandTimeoutMs = 60_000;
const commandOutputBytesMax = 32 * 1024 * 1024;

/** What provisioning does to a machine. Tests put a failing or a recording one in its place. */
export interface Machine {
  /** Runs a command to its end and returns what it printed. @throws CommandError */
  run(argv: readonly string[], options?: RunOptions): Promise<string>;
  read(path: string): Promise<string>;
  /** Writes a file, making the folders above it. */
  write(path: string, content: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** Removes a file or tree; nothing there is no error. */
  remove(path: string): Promise<void>;
}

/** The machine that the program runs on. */
export const thisMachine: Machine = {
  run(argv, options = {}) {
    const [program, ...args] = argv;
    return new Promise((resolve, reject) => {
      const limits = { timeout: options.timeoutMs ?? commandTimeoutMs, maxBuffer: commandOutputBytesMax };
      const child = execFile(program!, args, { ...limits, encoding: 'utf8' }, (error, stdout, stderr) => {
        if (error) reject(new CommandError(argv, stderr, error));
        else resolve(stdout);
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(options.input ?? '');
    });
  },
  read: (path) => readFile(path, 'utf8'),
  async write(path, content) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  },
  async makeDirectory(path) {
    await mkdir(path, { recursive: true });
  },
  remove: (path) => rm(path, { recursive: true, force: true }),
};

export interface SpawnOptions {
  argv: readonly string[];
  logPath: string;
  environment?: Record<string, string>;
  /** cgroup.procs files that the process enters before it starts. */
  cgroupFiles?: readonly string[];
  /** The network namespace to start in; the caller's own when absent. */
  namespacePath?: string;
  /** The machine's name as the process and what it starts see it; the caller's own when absent. */
  hostname?: string;
}

export interface SpawnedProcess {
  pid: number;
  /** Resolves with what ended it: `code 1`, `signal SIGKILL`. */
  exited: Promise<string>;
}

/** Puts a log that has grown large aside; one of before is kept. */
async function turnLog(path: string): Promise<void> {
  const size = await stat(path).then(
    (file) => file.size,
    () => 0,
  );
  if (size > logBytesMax) await rename(path, `${path}.1`);
}

/** Runs what follows under another host name. The kernel file needs no program that sets it, and is the namespace's own. */
function underName(hostname: string): string[] {
  const script = 'echo "$0" > /proc/sys/kernel/hostname && exec "$@"';
  return ['unshare', '--uts', '--', '/bin/sh', '-c', script, hostname];
}

/**
 * Starts a long-running process in its own session, so that a terminal's Ctrl-C does not reach it. The shell in front
 * enters the cgroups and then becomes the program, so that nothing ever runs outside of them.
 */
export async function spawnProcess(options: SpawnOptions): Promise<SpawnedProcess> {
  const enter = (options.cgroupFiles ?? []).map((file) => `echo $$ > ${file}`).join(' && ');
  const command = [
    ...(options.hostname === undefined ? [] : underName(options.hostname)),
    ...(options.namespacePath === undefined ? [] : ['nsenter', `--net=${options.namespacePath}`, '--']),
  ];
  const script = `${enter === '' ? '' : `${enter} && `}exec "$@"`;
  await mkdir(dirname(options.logPath), { recursive: true });
  await turnLog(options.logPath);
  const log = await open(options.logPath, 'a');
  try {
    const child = spawn('/bin/sh', ['-c', script, 'sh', ...command, ...options.argv], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...process.env, ...options.environment },
    });
    const exited = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(signal === null ? `code ${code}` : `signal ${signal}`));
    });
    if (child.pid === undefined) throw new CommandError(options.argv, await exited);
    return { pid: child.pid, exited };
  } finally {
    await log.close();
  }
}
