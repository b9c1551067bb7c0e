import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import { systemClock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { HttpClient } from '../../libs/client/http.ts';
import { readKubeconfig } from '../../libs/client/kubeconfig.ts';
import { LeaderElection } from '../../libs/reconcile/leader.ts';
import { createLogger } from '../../libs/telemetry/logger.ts';
import { createMetrics, type TelemetryMetrics } from '../../libs/telemetry/metrics.ts';
import { type ControllersFlags, controllersUsage, parseFlags, UsageError } from './flags.ts';
import { controllersLease, startControllers } from './start.ts';

const usageExitCode = 2;

/** The controllers in the foreground until SIGINT or SIGTERM, or until the lease is lost. */
async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(controllersUsage);
    return;
  }
  const flags = parseFlags(argv, process.env);
  const logger = createLogger({ clock: systemClock });
  const metrics = createMetrics({ build: { program: 'berth-controllers', version: '0.1.0' } });
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stopping.abort(new Error(name)));
  const server = flags.metricsPort === 0 ? undefined : serveMetrics(flags.metricsPort, metrics);
  try {
    await run({ flags, logger, metrics, signal: stopping.signal });
  } finally {
    server?.close();
  }
  // Whoever lost the lease must not linger; a supervisor starts it anew.
  process.exit(stopping.signal.aborted ? 0 : 1);
}

interface Running {
  flags: ControllersFlags;
  logger: Logger;
  metrics: TelemetryMetrics;
  signal: AbortSignal;
}

async function run({ flags, logger, metrics, signal }: Running): Promise<void> {
  const connection = readKubeconfig(flags.kubeconfig, 'berth-controllers');
  const client = new HttpClient(connection);
  const lead = async (until: AbortSignal): Promise<void> => {
    const controllers = await startControllers({
      client,
      clock: systemClock,
      random: systemRandom,
      logger,
      metrics,
      rootCa: String(connection.ca),
      clusterCidr: flags.clusterCidr,
      autoscalerPeriodMs: flags.autoscalerPeriodMs,
      disabled: flags.disabled,
    });
    if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
    await controllers.stop();
  };
  const election = new LeaderElection({
    client,
    clock: systemClock,
    random: systemRandom,
    lease: controllersLease,
    identity: `${hostname()}_${systemRandom.uuid()}`,
    logger,
  });
  try {
    await (flags.leaderElect ? election.run(lead, signal) : lead(signal));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    client.close();
  }
}

function serveMetrics(port: number, metrics: TelemetryMetrics): Server {
  const server = createServer(async (request, response) => {
    if (request.url === '/healthz') response.end('ok');
    else if (request.url === '/metrics') {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(await metrics.render());
    } else {
      response.statusCode = 404;
      response.end();
    }
  });
  return server.listen(port, '127.0.0.1');
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`berth controllers: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${controllersUsage}`);
  process.exit(error instanceof UsageError ? usageExitCode : 1);
});
