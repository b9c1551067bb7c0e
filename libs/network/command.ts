import { spawn } from 'node:child_process';

/** Runs a program to its end with `input` on its standard input and resolves to what it printed. */
export type CommandRunner = (program: string, args: readonly string[], input?: string) => Promise<string>;

/** A program could not be started or ended with a code other than 0. */
export class CommandError extends Error {
  constructor(
    readonly program: string,
    readonly detail: string,
    options?: { cause?: unknown },
  ) {
    super(`${program}: ${detail}`, options);
    this.name = 'CommandError';
  }
}

/** Starts the program in this process's own namespaces. */
export const runCommand: CommandRunner = (program, args, input) =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const printed: Buffer[] = [];
    const complaints: Buffer[] = [];
    child.stdout.on('data', (data: Buffer) => printed.push(data));
    child.stderr.on('data', (data: Buffer) => complaints.push(data));
    child.on('error', (cause) => reject(new CommandError(program, cause.message, { cause })));
    child.on('close', (code) => {
      if (code === 0) return resolve(Buffer.concat(printed).toString());
      const said = Buffer.concat(complaints).toString().trim();
      reject(new CommandError(program, said || `ended with code ${code}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
