import { mkdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { openAudit } from '../../libs/audit/open.ts';
import { systemClock } from '../../libs/base/clock.ts';
import type { Logger } from '../../libs/base/log.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { type ClusterPki, ensureClusterPki } from '../../libs/pki/cluster.ts';
import { mainAddress, ownNames } from '../../libs/provision/addresses.ts';
import { type Home, homeAt } from '../../libs/provision/home.ts';
import { addressIn } from '../../libs/provision/ranges.ts';
import { LeaderElection } from '../../libs/reconcile/leader.ts';
import { defaultSchedulerName } from '../../libs/scheduling/profiles.ts';
import type { Store } from '../../libs/store/store.ts';
import type { TelemetryMetrics } from '../../libs/telemetry/metrics.ts';
import { foresight } from '../apiserver/foresight/extension.ts';
import { nodeExtensions } from '../apiserver/node-extensions.ts';
import { openStore } from '../apiserver/open-store.ts';
import { apiServerPki } from '../apiserver/options.ts';
import { startApiServer } from '../apiserver/start.ts';
import { scrapeTargets } from '../apiserver/targets.ts';
import { signersOf } from '../controllers/signers.ts';
import { startControllers } from '../controllers/start.ts';
import { readProfiles } from '../scheduler/configuration-file.ts';
import { startScheduler } from '../scheduler/start.ts';
import { type ElectedScheduler, startElectedScheduler } from './elected-scheduler.ts';
import { explainPods } from './explain.ts';
import { type HostSideOptions, startHostSide } from './host-side.ts';
import { writeKubeconfig, writeNodeIdentities } from './identities.ts';
import type { ServerOptions } from './options.ts';
import { readClusterSecret, shareRoots } from './shared-roots.ts';

export interface Server {
  url: string;
  stop(): Promise<void>;
}

type HostSideTools = Pick<HostSideOptions, 'client' | 'clock' | 'logger'>;

interface Stoppable {
  stop(): Promise<void>;
}

/** Runs a whole control plane in this process. Resolves once the API answers and everything else has started. */
export async function startServer(options: ServerOptions, logger: Logger, metrics: TelemetryMetrics): Promise<Server> {
  const home = homeAt(options.home);
  const clock = systemClock;
  const advertiseAddress = options.advertiseAddress ?? mainAddress();
  const profiles = options.schedulerConfig === undefined ? undefined : readProfiles(options.schedulerConfig);
  await mkdir(home.path, { recursive: true, mode: 0o700 });
  const { store, shared } = await openStore(options.store, home.store);
  const parts: Stoppable[] = [{ stop: () => store.close() }];
  const stop = async () => {
    // Last started, first stopped: nothing outlives what it stands on.
    for (const part of parts.splice(0).reverse()) await part.stop();
  };
  let scheduler: ElectedScheduler | undefined;
  try {
    if (shared) await bringRootsTogether(options, home, { store, logger });
    const pki = await preparePki(options, home, advertiseAddress);
    const auditTools = { clock, random: systemRandom, logger, metrics };
    const auditor = options.audit && (await openAudit(options.audit, auditTools));
    if (auditor) parts.push({ stop: () => auditor.close() });
    const api = await startApiServer({
      store,
      storeShared: shared,
      host: options.host,
      port: options.port,
      pki: apiServerPki(pki),
      advertiseAddress,
      serviceCidr: options.serviceCidr,
      evictionTolerationSeconds: options.defaultTolerationSeconds,
      taintsNewNodes: !options.disabledControllers?.includes('node-lifecycle'),
      staticTokens: options.tokenAuthFile && (await readFile(options.tokenAuthFile, 'utf8')),
      auditor,
      clock,
      logger,
      metrics,
      metricsText: () => metrics.render(),
      extensions: [
        scrapeTargets(),
        foresight(profiles),
        explainPods(() => scheduler?.current),
        ...nodeExtensions({ pki, host: options.host, advertiseAddress }),
      ],
    });
    parts.push(api);
    await writeKubeconfig(pki, home, api.port);
    const { binder, evictor } = api;
    const tools = { client: api.client, clock, random: systemRandom, logger, metrics };
    // Of several servers over a store one runs the controllers, and one the scheduler. The name outlives the process,
    // so that a server that was killed has its lease again at once.
    const identity = shared ? `${hostname()}:${home.path}` : undefined;
    // Certificates are signed by the cluster's own authority, tokens by the key for accounts.
    const keys = { authority: pki.ca, accountKey: pki.serviceAccount.privateKey };
    const cluster = { rootCa: pki.ca.certificate, clusterCidr: options.podCidr, ...signersOf(keys, clock) };
    parts.push(await startControllers({ ...tools, ...cluster, identity, disabled: options.disabledControllers }));
    const lease = { namespace: 'kube-system', name: `berth-${defaultSchedulerName}` };
    const election = identity === undefined ? undefined : new LeaderElection({ ...tools, lease, identity });
    scheduler = await startElectedScheduler(() => startScheduler({ ...tools, binder, evictor, profiles }), election);
    parts.push(scheduler);
    if (options.bridge !== undefined) parts.push(await hostSideOf(options, options.bridge, tools));
    return { url: api.url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringRootsTogether(
  { clusterSecretFile: file }: ServerOptions,
  home: Home,
  tools: { store: Store; logger: Logger },
): Promise<void> {
  const secret = file === undefined ? undefined : await readClusterSecret(file);
  await shareRoots({ ...tools, directory: { path: home.pki, clock: systemClock }, secret });
}

/** The cluster's certificates, and those of the nodes of this machine. */
async function preparePki(options: ServerOptions, home: Home, advertiseAddress: string): Promise<ClusterPki> {
  const own = ownNames();
  const ips = [...own.ips, advertiseAddress, addressIn(options.serviceCidr, 1)];
  const pki = await ensureClusterPki(home.pki, { names: [...own.names, ...options.names], ips }, systemClock);
  await writeNodeIdentities(pki, home, options.localNodes);
  return pki;
}

function hostSideOf({ localNodes, podCidr }: ServerOptions, bridge: string, tools: HostSideTools): Promise<Stoppable> {
  return startHostSide({ ...tools, table: `${bridge}-services`, bridge, localNodes, podCidr });
}
