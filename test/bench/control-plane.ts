import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../apps/apiserver/open-store.ts';
import { startApiServer } from '../../apps/apiserver/start.ts';
import { startScheduler } from '../../apps/scheduler/start.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import { kubeconfigText } from '../../libs/pki/kubeconfig.ts';
import { createLogger } from '../../libs/telemetry/logger.ts';

/**
 * API server and scheduler in one process, without controllers: node objects count as nodes with no agent behind them.
 * Arguments: directory, store (`embedded` or `etcd=URL`). Prints the kubeconfig's path when ready.
 */
async function main(directory: string, choice: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const clock = systemClock;
  const logger = createLogger({ clock, level: 'error' });
  const pki = await ensureClusterPki(join(directory, 'pki'), { names: ['localhost'], ips: ['127.0.0.1'] }, clock);
  const { store, shared } = await openStore(choice, join(directory, 'store'));
  const { client, binder, port } = await startApiServer({
    store,
    storeShared: shared,
    host: '127.0.0.1',
    port: 0,
    pki: {
      caCertificate: pki.ca.certificate,
      serverCertificate: pki.apiserver.certificate,
      serverKey: pki.apiserver.key,
      serviceAccountKey: pki.serviceAccount.privateKey,
    },
    clock,
    logger,
  });
  const scheduler = await startScheduler({ client, binder, clock, random: systemRandom, logger, metrics: noMetrics });
  await scheduler.ready;
  const kubeconfig = join(directory, 'kubeconfig');
  const server = `https://127.0.0.1:${port}`;
  writeFileSync(kubeconfig, kubeconfigText({ server, ca: pki.ca.certificate, client: pki.admin }));
  process.stdout.write(`${kubeconfig}\n`);
}

await main(process.argv[2] ?? '', process.argv[3] ?? 'embedded');
