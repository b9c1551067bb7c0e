import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../libs/base/clock.ts';
import { ensureClusterPki } from '../../libs/pki/cluster.ts';
import { writeAtomically } from '../../libs/pki/files.ts';
import { kubeconfigText } from '../../libs/pki/kubeconfig.ts';
import { foresight } from './foresight/extension.ts';
import { nodeExtensions } from './node-extensions.ts';
import { openStore } from './open-store.ts';
import { apiServerPki } from './options.ts';
import { startApiServer } from './start.ts';

const { values } = parseArgs({
  options: {
    home: { type: 'string', default: process.env.BERTH_HOME ?? join(homedir(), '.berth') },
    port: { type: 'string', default: '6443' },
    store: { type: 'string', default: 'embedded' },
  },
});

/** The API server alone: certificates and store from the home directory, until SIGINT or SIGTERM. */
async function main(): Promise<void> {
  const { home } = values;
  await mkdir(home, { recursive: true });
  const pki = await ensureClusterPki(join(home, 'pki'), { names: [], ips: [] }, systemClock);
  const { store, shared } = await openStore(values.store, join(home, 'store'));
  const server = await startApiServer({
    store,
    storeShared: shared,
    port: Number(values.port),
    pki: apiServerPki(pki),
    extensions: [foresight(), ...nodeExtensions({ pki })],
  });
  const kubeconfig = kubeconfigText({ server: server.url, ca: pki.ca.certificate, client: pki.admin });
  await writeAtomically(join(home, 'kubeconfig'), kubeconfig);
  process.stdout.write(`serving ${server.url}\n`);
  const stop = async () => {
    await server.stop();
    await store.close();
    process.exit(0);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
});
