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
import { ApiBinder } from './api-binder.ts';
import { parseFlags, type SchedulerFlags, schedulerUsage, UsageError } from './flags.ts';
import { startScheduler } from './start.ts';

const usageExitCode = 2;

interface Running {
  flags: SchedulerFlags;
  logger: Logger;
  metrics: TelemetryMetrics;
  signal: AbortSignal;
}

/** The scheduler in the foreground until SIGINT or SIGTERM, or until the lease is lost. */
async function main(argv: readonly string[]): Promise<void> {
  if (argv.includes('--help')) {
    process.stdout.write(schedulerUsage);
    return;
  }
  const flags = parseFlags(argv, process.env);
  const logger = createLogger({ clock: systemClock });
  const metrics = createMetrics({ build: { program: 'berth-scheduler', version: '0.1.0' } });
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

async function run({ flags, logger, metrics, signal }: Running): Promise<void> {
  const client = new HttpClient(readKubeconfig(flags.kubeconfig, 'berth-scheduler'));
  const parts = { client, binder: new ApiBinder(client), clock: systemClock, random: systemRandom, logger, metrics };
  const lead = async (until: AbortSignal): Promise<void> => {
    const scheduler = await startScheduler({ ...parts, schedulerName: flags.schedulerName });
    if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
    await scheduler.stop();
  };
  const identity = `${hostname()}_${systemRandom.uuid()}`;
  const lease = { namespace: 'kube-system', name: `berth-${flags.schedulerName}` };
  const election = new LeaderElection({ client, clock: systemClock, random: systemRandom, lease, identity, logger });
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
      response.setHeader('content-type', metrics.contentType);
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
  process.stderr.write(`berth scheduler: ${message}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${schedulerUsage}`);
  process.exit(error instanceof UsageError ? usageExitCode : 1);
});
