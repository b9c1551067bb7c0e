import { spawn } from 'node:child_process';

/** Becomes another program as far as Node can: passes signals on and ends with its exit code. */
export function runForeground(argv: readonly string[]): Promise<number> {
  const [program, ...args] = argv;
  const child = spawn(program!, args, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  // The terminal sends Ctrl-C to both; only the child acts on it.
  process.on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
