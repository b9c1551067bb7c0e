import { createServer, type Server } from 'node:http';
import { hostname } from 'node:os';
import type { ObjectName } from '../api/meta.ts';
import { systemClock } from '../base/clock.ts';
import type { Logger } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { HttpClient, type HttpClientOptions } from '../client/http.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { LeaderElection } from '../reconcile/leader.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createMetrics, type TelemetryMetrics } from '../telemetry/metrics.ts';
import { type ComponentFlags, UsageError } from './flags.ts';

const usageExitCode = 2;

/** What a component works with while it leads. */
export interface ComponentParts {
  client: HttpClient;
  connection: HttpClientOptions;
  clock: typeof systemClock;
  random: typeof systemRandom;
  logger: Logger;
  metrics: TelemetryMetrics;
}

export interface Component<Flags extends ComponentFlags> {
  /** `scheduler`: the program is `berth scheduler`, its user agent berth-scheduler. */
  name: string;
  usage: string;
  /** @throws UsageError. */
  parse(argv: readonly string[], environment: NodeJS.ProcessEnv): Flags;
  lease(flags: Flags): ObjectName;
  /** Works from when this resolves until it is stopped. */
  start(parts: ComponentParts, flags: Flags): Promise<{ stop(): Promise<void> }>;
}

/** Runs a component in the foreground until SIGINT or SIGTERM, or until it has lost the lease; ends the process. */
export function runComponent<Flags extends ComponentFlags>(component: Component<Flags>): void {
  main(component, process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`berth ${component.name}: ${message}\n`);
      if (error instanceof UsageError) process.stderr.write(`\n${component.usage}`);
      process.exit(error instanceof UsageError ? usageExitCode : 1);
    },
  );
}

async function main<Flags extends ComponentFlags>(component: Component<Flags>, argv: string[]): Promise<number> {
  if (argv.includes('--help')) {
    process.stdout.write(component.usage);
    return 0;
  }
  const flags = component.parse(argv, process.env);
  const program = `berth-${component.name}`;
  const metrics = createMetrics({ build: { program, version: '0.1.0' } });
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => stopping.abort(new Error(name)));
  const server = flags.metricsPort === 0 ? undefined : serveMetrics(flags.metricsPort, metrics);
  const connection = readKubeconfig(flags.kubeconfig, program);
  const client = new HttpClient(connection);
  const logger = createLogger({ clock: systemClock });
  try {
    const parts = { client, connection, clock: systemClock, random: systemRandom, logger, metrics };
    await lead(component, flags, { parts, signal: stopping.signal });
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    client.close();
    server?.close();
  }
  // Whoever lost the lease must not linger; a supervisor starts it anew.
  return stopping.signal.aborted ? 0 : 1;
}

async function lead<Flags extends ComponentFlags>(
  component: Component<Flags>,
  flags: Flags,
  { parts, signal }: { parts: ComponentParts; signal: AbortSignal },
): Promise<void> {
  const work = async (until: AbortSignal): Promise<void> => {
    const running = await component.start(parts, flags);
    if (!until.aborted) await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
    await running.stop();
  };
  if (!flags.leaderElect) return work(signal);
  const { client, clock, random, logger } = parts;
  const identity = `${hostname()}_${random.uuid()}`;
  const lease = component.lease(flags);
  await new LeaderElection({ client, clock, random, lease, identity, logger }).run(work, signal);
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
