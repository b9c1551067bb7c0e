import { AdmissionChain } from '../../libs/admission/chain.ts';
import { admissionPlugins } from '../../libs/admission/plugins.ts';
import { serveCheckedPolicies } from '../../libs/admission/policy/definitions.ts';
import { followPolicyTypes } from '../../libs/admission/policy/type-checker.ts';
import { webhookConditions } from '../../libs/admission/policy/webhook-conditions.ts';
import { ResourceQuotas } from '../../libs/admission/resource-quota.ts';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import { pods } from '../../libs/api/kinds/pod.ts';
import { poddisruptionbudgets } from '../../libs/api/kinds/poddisruptionbudget.ts';
import { requireAllowed } from '../../libs/auth/authorize.ts';
import type { SecretUse } from '../../libs/auth/secret-tokens.ts';
import { loopbackUser, type UserInfo } from '../../libs/auth/user.ts';
import { StoreMirror } from '../../libs/cache/mirror.ts';
import { mirrorReader, type ObjectReader } from '../../libs/cache/object-reader.ts';
import { LocalClient } from '../../libs/client/local.ts';
import { PodBinder } from '../../libs/registry/binder.ts';
import { CustomResources } from '../../libs/registry/custom/serve.ts';
import { equivalentResources, kindOf } from '../../libs/registry/equivalents.ts';
import type { Admission } from '../../libs/registry/parts.ts';
import { PodEvents } from '../../libs/registry/pod-events.ts';
import { PodEvictor } from '../../libs/registry/pod-evictor.ts';
import { Registry } from '../../libs/registry/registry.ts';
import type { ResourceService } from '../../libs/registry/requests.ts';
import { serveMetrics } from '../../libs/registry/resource-metrics.ts';
import { UsageBoard } from '../../libs/registry/usage.ts';
import { AgentPool } from '../../libs/webhook/agents.ts';
import { WebhookCaller } from '../../libs/webhook/caller.ts';
import { type Auth, createAuth } from './auth.ts';
import { type Phase, serverChecks } from './checks.ts';
import { serveCoreExtras } from './core-extras.ts';
import type { HealthCheck } from './health.ts';
import type { ApiServerOptions } from './options.ts';
import { serveReviews } from './reviews.ts';
import { SecretUseNotes } from './secret-use.ts';
import { serviceDial } from './service-dial.ts';
import { SubresourceTable } from './subresources.ts';

/** The API without its HTTP face. */
export interface ApiCore {
  readonly mirror: StoreMirror;
  readonly registry: Registry;
  readonly auth: Auth;
  readonly binder: PodBinder;
  readonly evictor: PodEvictor;
  readonly usage: UsageBoard;
  readonly subresources: SubresourceTable;
  readonly admission: Admission;
  /** Connections to servers behind Services. */
  readonly agents: AgentPool;
  readonly checks: readonly HealthCheck[];
  /** What the checks follow. */
  readonly phase: Phase;
  /** The API for one user in this process; `trusted` users are not asked whether they may. */
  clientAs(user: UserInfo, options: { fieldManager: string; trusted: boolean }): LocalClient;
}

/** Reads the store and puts together everything that answers requests until the server is `stopping`. */
export async function createCore(options: Required<ApiServerOptions>, stopping: AbortSignal): Promise<ApiCore> {
  const { store, storeShared, clock, random, logger, serviceCidr, evictionTolerationSeconds } = options;
  const mirror = new StoreMirror({ store, storeShared, clock, logger });
  await mirror.start();
  const objects = mirrorReader(mirror);
  const auth = authOf(options, objects, (secret) => secretUse.note(secret));
  const { rbac, authorizer } = auth;
  const agents = new AgentPool(serviceDial({ objects, random, extensions: options.extensions }));
  const caller = new WebhookCaller(agents, clock);
  const equivalents = (definition: ResourceDefinition) => equivalentResources(registry, definition);
  const conditions = webhookConditions(authorizer);
  const webhooks = { caller, clock, random, metrics: options.metrics, mirror, equivalents, conditions };
  const definitionOf = (apiVersion: string, kind: string) => kindOf(registry, apiVersion, kind);
  const policies = { mirror, authorizer, equivalents, definitionOf };
  const { taintsNewNodes } = options;
  const rules = {
    mirror,
    clock,
    random,
    evictionTolerationSeconds,
    taintsNewNodes,
    rbac,
    authorizer,
    webhooks,
    policies,
  };
  const plugins = admissionPlugins(rules);
  const admission = new AdmissionChain(plugins);
  const quotas = new ResourceQuotas(mirror, clock);
  const registry: Registry = new Registry({ store, mirror, admission, quotas, clock, random, serviceCidr });
  const conversions = { post: caller.post.bind(caller), random };
  new CustomResources({ registry, clock, logger, stopping, conversions }).start();
  serveCheckedPolicies(registry);
  followPolicyTypes({ registry, clock, logger });
  const { binder, evictor } = bulkWriters(registry, mirror, options);
  const usage = new UsageBoard();
  const phase: Phase = { started: false, stopping: false };
  const checks = serverChecks(store, phase);
  serveReviews(registry, auth, clock);
  serveMetrics(registry, usage, mirror);
  serveCoreExtras(registry, { binder, mirror, store });
  const subresources = new SubresourceTable({
    admission,
    binder,
    tokens: auth.serviceAccountTokens,
    objects,
    budgets: budgetsOf(registry),
    clock,
  });
  const clientAs: ApiCore['clientAs'] = (user, { fieldManager, trusted }) =>
    new LocalClient({
      registry,
      user,
      fieldManager,
      createSubresource: (creation) => subresources.run(creation),
      authorize: trusted ? undefined : (who, attributes) => requireAllowed(authorizer, who, attributes),
    });
  const client = clientAs(loopbackUser, { fieldManager: 'kube-apiserver', trusted: true });
  const secretUse = new SecretUseNotes({ client, clock, logger });
  return { mirror, registry, auth, binder, evictor, usage, subresources, admission, agents, checks, phase, clientAs };
}

function authOf(options: Required<ApiServerOptions>, objects: ObjectReader, onSecretUse: SecretUse): Auth {
  const { pki, clusterDomain, staticTokens, clock, random } = options;
  const { serviceAccountKey } = pki;
  return createAuth({ serviceAccountKey, clusterDomain, staticTokens, onSecretUse, objects, clock, random });
}

function budgetsOf(registry: Registry): ResourceService {
  const { group, version, plural } = poddisruptionbudgets;
  return registry.resource(group, version, plural)!.service;
}

/** What the scheduler has written in bulk. */
function bulkWriters(
  registry: Registry,
  mirror: StoreMirror,
  { clock, random, logger, storeShared }: Required<ApiServerOptions>,
): { binder: PodBinder; evictor: PodEvictor } {
  const { writer } = registry;
  const events = new PodEvents({ writer, clock, random, logger });
  const caller = { user: loopbackUser, warn: () => {} };
  return {
    binder: new PodBinder({ mirror, writer, clock, events, isShared: storeShared }),
    evictor: new PodEvictor({ pods: registry.stored(pods), events, caller }),
  };
}
