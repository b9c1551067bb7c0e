import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore } from '../../apps/apiserver/open-store.ts';
import { apiServerPki } from '../../apps/apiserver/options.ts';
import { startApiServer } from '../../apps/apiserver/start.ts';
import { startScheduler } from '../../apps/scheduler/start.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { type Logger, silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { systemRandom } from '../../libs/base/random.ts';
import type { Binder, Client, Evictor } from '../../libs/client/client.ts';
import type { ClusterPki } from '../../libs/pki/cluster.ts';
import { kubeconfigText } from '../../libs/pki/kubeconfig.ts';

/** An API server in this process, without controllers: each Node object counts. */
export interface RunningServer {
  client: Client;
  binder: Binder;
  evictor: Evictor;
  /** A file for kubectl. */
  kubeconfig: string;
  stop(): Promise<void>;
}

/** `choice` is `embedded`, in the directory, or `etcd=URL`. */
export async function startServerOver(
  choice: string,
  directory: string,
  { pki, logger = silentLogger }: { pki: ClusterPki; logger?: Logger },
): Promise<RunningServer> {
  const clock = systemClock;
  mkdirSync(directory, { recursive: true });
  const { store, shared } = await openStore(choice, join(directory, 'store'));
  const api = await startApiServer({
    store,
    storeShared: shared,
    host: '127.0.0.1',
    port: 0,
    pki: apiServerPki(pki),
    taintsNewNodes: false,
    clock,
    logger,
  });
  const stop = async () => {
    await api.stop();
    await store.close();
  };
  const kubeconfig = join(directory, 'kubeconfig');
  const server = `https://127.0.0.1:${api.port}`;
  writeFileSync(kubeconfig, kubeconfigText({ server, ca: pki.ca.certificate, client: pki.admin }));
  const { client, binder, evictor } = api;
  return { client, binder, evictor, kubeconfig, stop };
}

/** A scheduler with the real clock. */
export const scheduleFor = ({ client, binder, evictor }: RunningServer) =>
  startScheduler({
    client,
    binder,
    evictor,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    metrics: noMetrics,
  });
