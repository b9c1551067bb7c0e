#!/usr/bin/env node
import { StatusError } from '../../libs/base/status.ts';
import { CliError, UsageError } from './command.ts';
import { commands, overview } from './commands.ts';

const usageExitCode = 2;

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(overview());
    return name === undefined ? usageExitCode : 0;
  }
  const load = commands[name]?.load;
  if (load === undefined) throw new UsageError(`berth has no command "${name}"; "berth help" lists them`);
  const command = await load();
  // What follows "--" is for somebody else.
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  if (command.usage !== undefined && (own.includes('--help') || own.includes('-h'))) {
    process.stdout.write(command.usage);
    return 0;
  }
  return command.run(rest);
}

function explain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`berth: ${error.message}\n`);
    return usageExitCode;
  }
  const known = error instanceof CliError || error instanceof StatusError || (error as NodeJS.ErrnoException).code;
  process.stderr.write(`berth: ${error instanceof Error ? (known ? error.message : error.stack) : String(error)}\n`);
  return 1;
}

// Whoever reads the output may have seen enough: `berth status | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = explain(error);
  },
);
