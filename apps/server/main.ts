import { systemClock } from '../../libs/base/clock.ts';
import { createLogger } from '../../libs/telemetry/logger.ts';
import { createMetrics } from '../../libs/telemetry/metrics.ts';
import { parseServerFlags, serverUsage, UsageError } from './flags.ts';
import { startServer } from './start.ts';

const usageExitCode = 2;

/** The control plane in the foreground until SIGINT or SIGTERM. */
async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(serverUsage);
    return;
  }
  const options = parseServerFlags(argv, process.env);
  const logger = createLogger({ clock: systemClock });
  const metrics = createMetrics({ build: { program: 'berth-server', version: '0.1.0' } });
  const server = await startServer(options, logger, metrics);
  logger.info('serving', { url: server.url, store: options.store });
  const stop = (signal: string) => {
    logger.info('stopping', { signal });
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function fail(error: unknown): void {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${serverUsage}`);
    process.exit(usageExitCode);
  }
  const code = (error as NodeJS.ErrnoException).code;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`berth server: ${code === 'EADDRINUSE' ? `the port is taken: ${message}` : message}\n`);
  if (code === undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

main(process.argv.slice(2)).catch(fail);
