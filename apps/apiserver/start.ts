import { AdmissionChain } from '../../libs/admission/chain.ts';
import { admissionPlugins } from '../../libs/admission/plugins.ts';
import { requireAllowed } from '../../libs/auth/authorize.ts';
import { loopbackUser, type UserInfo } from '../../libs/auth/user.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { systemRandom } from '../../libs/base/random.ts';
import { StoreMirror } from '../../libs/cache/mirror.ts';
import { mirrorReader } from '../../libs/cache/object-reader.ts';
import { LocalClient } from '../../libs/client/local.ts';
import { PodBinder } from '../../libs/registry/binder.ts';
import { Registry } from '../../libs/registry/registry.ts';
import { serveMetrics } from '../../libs/registry/resource-metrics.ts';
import { AddressRange } from '../../libs/registry/service-addresses.ts';
import { UsageBoard } from '../../libs/registry/usage.ts';
import { createAuth } from './auth.ts';
import { Compactor } from './compactor.ts';
import { serveCoreExtras } from './core-extras.ts';
import { Discovery } from './discovery.ts';
import { Dispatcher } from './dispatcher.ts';
import type { ExtensionContext } from './extension.ts';
import type { HealthCheck } from './health.ts';
import { type HttpServer, listen } from './http-server.ts';
import { InflightLimit } from './inflight.ts';
import { ensureInitialObjects } from './initial-objects.ts';
import { openapiDocuments } from './openapi-documents.ts';
import type { ApiServer, ApiServerOptions } from './options.ts';
import { PathHandler } from './path-handler.ts';
import { RequestMetrics } from './request-metrics.ts';
import { ResourceHandler } from './resource-handler.ts';
import { serveReviews } from './reviews.ts';
import { SubresourceTable } from './subresources.ts';

/** How long requests under way may take once the server stops. */
const drainMsMax = 10_000;

const defaults = {
  host: '0.0.0.0',
  storeShared: false,
  advertiseAddress: '127.0.0.1',
  clusterDomain: 'cluster.local',
  serviceCidr: '10.96.0.0/16',
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  metrics: noMetrics,
  extensions: [],
};

/** Serves the API on `options.port` until stopped. Resolves once requests are answered. */
export async function startApiServer(given: ApiServerOptions): Promise<ApiServer> {
  const options = { ...defaults, ...dropUndefined(given) } as Required<ApiServerOptions>;
  const { store, storeShared, clock, random, logger } = options;
  const mirror = new StoreMirror({ store, storeShared, clock, logger });
  await mirror.start();
  const admission = new AdmissionChain(
    admissionPlugins({ mirror, random, evictionTolerationSeconds: given.evictionTolerationSeconds }),
  );
  const registry = new Registry({ store, mirror, admission, clock, random, serviceCidr: options.serviceCidr });
  const binder = new PodBinder({ mirror, writer: registry.writer, clock });
  const usage = new UsageBoard();
  const objects = mirrorReader(mirror);
  const { clusterDomain } = options;
  const auth = createAuth({ serviceAccountKey: options.pki.serviceAccountKey, clusterDomain, objects, clock, random });
  const { authorizer } = auth;
  serveReviews(registry, auth, clock);
  const checks: HealthCheck[] = [
    { name: 'ping', check: async () => {} },
    { name: 'store', check: async () => void (await store.status()) },
  ];
  serveMetrics(registry, usage, mirror);
  serveCoreExtras(registry, { binder, mirror, checks });
  const subresources = new SubresourceTable({ binder, tokens: auth.serviceAccountTokens, objects });
  const stopping = new AbortController();
  const inflight = new InflightLimit();
  const dispatcher = new Dispatcher({
    registry,
    tokens: auth.tokens,
    authorizer,
    resources: new ResourceHandler({
      clock,
      random,
      stopping: stopping.signal,
      createSubresource: (call) => subresources.create(call),
    }),
    paths: new PathHandler({
      discovery: new Discovery(registry),
      checks,
      metricsText: given.metricsText,
      documents: [openapiDocuments(registry)],
    }),
    routes: options.extensions.flatMap((extension) => extension.routes ?? []),
    inflight,
    metrics: new RequestMetrics(options.metrics, inflight),
    clock,
    logger,
  });
  const clientAs = (user: UserInfo, fieldManager: string, trusted: boolean) =>
    new LocalClient({
      registry,
      user,
      fieldManager,
      createSubresource: (creation) => subresources.run(creation),
      authorize: trusted ? undefined : (who, attributes) => requireAllowed(authorizer, who, attributes),
    });
  const client = clientAs(loopbackUser, 'berth', true);
  const http: HttpServer = await listen(dispatcher, { pki: options.pki, host: options.host, port: options.port });
  const facts = {
    serviceAddress: new AddressRange(options.serviceCidr).at(0),
    advertiseAddress: options.advertiseAddress,
    port: http.port,
  };
  await ensureInitialObjects(registry, facts);
  const context: ExtensionContext = {
    client,
    clientAs: (user) => clientAs(user, user.name, false),
    usage,
    serverId: random.uuid(),
    port: http.port,
    clock,
    random,
    logger,
    metrics: options.metrics,
  };
  for (const extension of options.extensions) await extension.start?.(context);
  const compactor = new Compactor({ store, mirror, clock, logger });
  compactor.start();

  const stop = async () => {
    compactor.stop();
    stopping.abort();
    const drained = clock.setTimer(drainMsMax, () => {});
    await inflight.drained();
    drained.cancel();
    await http.close();
    for (const extension of options.extensions) await extension.stop?.();
    await mirror.stop();
  };
  return { client, binder, usage, url: `https://127.0.0.1:${http.port}`, port: http.port, stop };
}

function dropUndefined(options: ApiServerOptions): Partial<ApiServerOptions> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
