import { setMaxListeners } from 'node:events';
import { evictionTolerationSecondsDefault } from '../../libs/admission/default-tolerations.ts';
import { loopbackUser } from '../../libs/auth/user.ts';
import { rfc3339, systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { AddressRange } from '../../libs/registry/service-addresses.ts';
import { Aggregator } from './aggregation/aggregator.ts';
import { authenticationConfig, localApiServices } from './aggregation/initial.ts';
import { Compactor } from './compactor.ts';
import { ConnectAdmission } from './connect-admission.ts';
import { type ApiCore, createCore } from './core.ts';
import { Discovery } from './discovery.ts';
import { Dispatcher } from './dispatcher.ts';
import { DryRunAdvice } from './dry-runs.ts';
import type { ExtensionContext } from './extension.ts';
import { defaultFlowControl, FlowLevels } from './flow-levels.ts';
import { listen } from './http-server.ts';
import { InflightLimit } from './inflight.ts';
import { ensureInitialObjects } from './initial-objects.ts';
import { openapiDocuments } from './openapi-documents.ts';
import { openidDocuments } from './openid-documents.ts';
import type { ApiServer, ApiServerOptions } from './options.ts';
import { PathHandler } from './path-handler.ts';
import { RequestAudit } from './request-audit.ts';
import { RequestMetrics } from './request-metrics.ts';
import { ResourceHandler } from './resource-handler.ts';
import { useNotedSince } from './secret-use.ts';

const defaults = {
  host: '0.0.0.0',
  storeShared: false,
  advertiseAddress: '127.0.0.1',
  clusterDomain: 'cluster.local',
  serviceCidr: '10.96.0.0/16',
  evictionTolerationSeconds: evictionTolerationSecondsDefault,
  taintsNewNodes: true,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  metrics: noMetrics,
  metricsText: undefined,
  extensions: [],
  staticTokens: undefined,
  auditor: undefined,
};

type Options = Required<ApiServerOptions>;

/** Serves the API on `options.port` until stopped. Resolves once requests are answered. */
export async function startApiServer(given: ApiServerOptions): Promise<ApiServer> {
  const options = { ...defaults, ...dropUndefined(given) } as Options;
  const stopping = new AbortController();
  // Every watch listens for the end.
  setMaxListeners(0, stopping.signal);
  const core = await createCore(options, stopping.signal);
  const { store, clock, logger, extensions } = options;
  const inflight = new InflightLimit();
  const aggregator = new Aggregator({ ...core, front: options.pki.front, clock, logger });
  const dispatcher = createDispatcher(core, options, { inflight, aggregator, stopping: stopping.signal });
  const http = await listen(dispatcher, { pki: options.pki, host: options.host, port: options.port, clock });
  const { advertiseAddress } = options;
  const { serviceCidr } = options;
  const serviceAddress = new AddressRange(serviceCidr).at(0);
  const now = rfc3339(clock.now());
  const authorities = { clients: options.pki.caCertificate, front: options.pki.front?.caCertificate };
  const more = [...localApiServices(core.registry), authenticationConfig(authorities), useNotedSince(clock.now())];
  more.push(...defaultFlowControl());
  const facts = { serviceCidr, serviceAddress, advertiseAddress, port: http.port, now, more };
  await ensureInitialObjects(core.registry, facts);
  new FlowLevels({ registry: core.registry, clock, logger }).start(stopping.signal);
  core.phase.started = true;
  const context = contextOf(core, options, http.port);
  for (const extension of extensions) await extension.start?.(context);
  const compactor = new Compactor({ store, mirror: core.mirror, clock, logger });
  compactor.start();
  aggregator.start();
  const stop = async () => {
    core.phase.stopping = true;
    compactor.stop();
    aggregator.stop();
    stopping.abort();
    await inflight.drained(clock);
    await http.close();
    for (const extension of extensions) await extension.stop?.();
    core.agents.close();
    await core.mirror.stop();
  };
  const { binder, evictor, usage } = core;
  return {
    client: context.client,
    binder,
    evictor,
    usage,
    url: `https://127.0.0.1:${http.port}`,
    port: http.port,
    stop,
  };
}

function createDispatcher(
  core: ApiCore,
  options: Options,
  { inflight, aggregator, stopping }: { inflight: InflightLimit; aggregator: Aggregator; stopping: AbortSignal },
): Dispatcher {
  const { registry, auth, checks, subresources } = core;
  const { clock, random, logger, metrics, metricsText, extensions } = options;
  return new Dispatcher({
    registry,
    tokens: auth.tokens,
    authorizer: auth.authorizer,
    resources: new ResourceHandler({
      inflight,
      clock,
      random,
      stopping,
      createSubresource: (call) => subresources.create(call),
      dryRuns: new DryRunAdvice(extensions, logger),
    }),
    paths: new PathHandler({
      discovery: new Discovery(registry, () => aggregator.foreignVersions()),
      checks,
      metricsText,
      documents: [openapiDocuments(registry, () => aggregator.foreignSchemas()), openidDocuments(auth)],
    }),
    routes: extensions.flatMap((extension) => extension.routes ?? []),
    aggregator,
    connects: new ConnectAdmission(registry, core.admission),
    inflight,
    audit: options.auditor && new RequestAudit(options.auditor),
    metrics: new RequestMetrics(metrics, { registry, inflight, mirror: core.mirror }),
    clock,
    logger,
  });
}

function contextOf(core: ApiCore, options: Options, port: number): ExtensionContext {
  const { clock, random, logger, metrics } = options;
  return {
    client: core.clientAs(loopbackUser, { fieldManager: 'berth', trusted: true }),
    clientAs: (user) => core.clientAs(user, { fieldManager: user.name, trusted: false }),
    usage: core.usage,
    serverId: random.uuid(),
    port,
    clock,
    random,
    logger,
    metrics,
  };
}

function dropUndefined(options: ApiServerOptions): Partial<ApiServerOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
