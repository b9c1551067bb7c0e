import { systemClock } from '../../libs/base/clock.ts';
import { createLogger } from '../../libs/telemetry/logger.ts';
import { createMetrics } from '../../libs/telemetry/metrics.ts';
import { agentUsage, parseAgentFlags, UsageError } from './flags.ts';
import { agentVersion, startAgent } from './start.ts';

const usageExitCode = 2;

/** One node in the foreground until SIGINT or SIGTERM. */
async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(agentUsage);
    return;
  }
  const options = parseAgentFlags(argv);
  const logger = createLogger({ clock: systemClock });
  const metrics = createMetrics({ build: { program: 'berth-agent', version: agentVersion } });
  const agent = await startAgent({ ...options, logger, metrics, metricsText: () => metrics.render() });
  logger.info('the node is running', { node: options.name, servers: options.servers.join() });
  const stop = (signal: string) => {
    logger.info('stopping; containers go on', { signal });
    agent.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`berth agent: ${message}\n${error instanceof UsageError ? `\n${agentUsage}` : ''}`);
  process.exit(error instanceof UsageError ? usageExitCode : 1);
}

main(process.argv.slice(2)).catch(fail);
