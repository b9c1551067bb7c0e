/** One command of `berth`. */
export interface Command {
  /** What `--help` prints; a command without one is another program's and answers by itself. */
  usage?: string;
  /** Runs to its end; resolves to the exit code. */
  run(argv: readonly string[]): Promise<number>;
}

/** A message for the person who typed the command; printed without a stack, exit code 2. */
export class UsageError extends Error {}

/** What went wrong and what to do about it; printed without a stack, exit code 1. */
export class CliError extends Error {}

/** Prints a line for people on standard output. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
