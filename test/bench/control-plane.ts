import { join } from 'node:path';
import { startScheduler } from '../../apps/scheduler/start.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { type Metrics, noMetrics } from '../../libs/base/metrics.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import { createLogger } from '../../libs/telemetry/logger.ts';
import { startServerOver } from '../support/scheduling-server.ts';
import { quantile } from './measure.ts';

const decisionMs: number[] = [];

/** Keeps each time that a decision took, and nothing else. */
const decisionTimes: Metrics = {
  ...noMetrics,
  histogram(options) {
    if (options.name !== 'scheduler_scheduling_algorithm_duration_seconds') return noMetrics.histogram(options);
    return { observe: (seconds) => void decisionMs.push(seconds * 1000) };
  },
};

/**
 * API server and scheduler in one process, without controllers: node objects count as nodes with no agent behind them.
 * Arguments: directory, store (`embedded` or `etcd=URL`). Prints the kubeconfig's path when ready; at SIGUSR2 how long
 * decisions have taken since the signal before, and how many there were.
 */
async function main(directory: string, choice: string): Promise<void> {
  const clock = systemClock;
  const logger = createLogger({ clock, level: 'error' });
  const pki = await ensureClusterPki(join(directory, 'pki'), { names: ['localhost'], ips: ['127.0.0.1'] }, clock);
  const { client, binder, evictor, kubeconfig } = await startServerOver(choice, directory, { pki, logger });
  const parts = { client, binder, evictor, clock, random: systemRandom, logger, metrics: decisionTimes };
  const scheduler = await startScheduler(parts);
  await scheduler.ready;
  process.on('SIGUSR2', () => {
    const [p50, p99, max] = [0.5, 0.99, 1].map((share) => +quantile(decisionMs, share).toFixed(4));
    process.stdout.write(`${JSON.stringify({ count: decisionMs.length, p50, p99, max })}\n`);
    decisionMs.length = 0;
  });
  process.stdout.write(`${kubeconfig}\n`);
}

await main(process.argv[2] ?? '', process.argv[3] ?? 'embedded');
