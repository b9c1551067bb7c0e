import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdmissionChain } from '../../libs/admission/chain.ts';
import { admissionPlugins } from '../../libs/admission/plugins.ts';
import { ResourceQuotas } from '../../libs/admission/resource-quota.ts';
import type { ResourceDefinition } from '../../libs/api/definition.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { AuthorizerChain, mastersAuthorizer } from '../../libs/auth/authorize.ts';
import { RbacAuthorizer } from '../../libs/auth/rbac.ts';
import { loopbackUser } from '../../libs/auth/user.ts';
import { systemClock } from '../../libs/base/clock.ts';
import { silentLogger } from '../../libs/base/log.ts';
import { noMetrics } from '../../libs/base/metrics.ts';
import { seededRandom } from '../../libs/base/random.ts';
import { StoreMirror } from '../../libs/cache/mirror.ts';
import { mirrorReader } from '../../libs/cache/object-reader.ts';
import { equivalentResources, kindOf } from '../../libs/registry/equivalents.ts';
import { Registry } from '../../libs/registry/registry.ts';
import type { DeleteRequest, ResourceService, WriteRequest } from '../../libs/registry/requests.ts';
import type { Store } from '../../libs/store/store.ts';
import { openEmbeddedStore } from '../../libs/store-embedded/embedded-store.ts';
import { AgentPool, type Dial } from '../../libs/webhook/agents.ts';
import { WebhookCaller } from '../../libs/webhook/caller.ts';

/** A registry over a real store in a folder of its own, with the admission that servers have. */
export interface ScratchRegistry {
  readonly registry: Registry;
  readonly mirror: StoreMirror;
  readonly store: Store;
  /** The service of a core/v1 resource, or of `group/version/plural`. */
  service(path: string): ResourceService;
  close(): Promise<void>;
}

export interface ScratchOptions {
  /** Webhooks behind Services are asked. */
  dial?: Dial;
  /** A store that other registries share; it is left open. */
  sharedStore?: Store;
  /** Whether the registry counts on what others write to it; true when absent. */
  knowsOfOthers?: boolean;
}

export async function openScratchRegistry(options: ScratchOptions = {}): Promise<ScratchRegistry> {
  const { dial, sharedStore, knowsOfOthers = true } = options;
  const path = mkdtempSync(join(tmpdir(), 'registry-'));
  const store = sharedStore ?? openEmbeddedStore({ path });
  const storeShared = sharedStore !== undefined && knowsOfOthers;
  const random = seededRandom(7);
  const mirror = new StoreMirror({ store, storeShared, clock: systemClock, logger: silentLogger });
  await mirror.start();
  const rbac = new RbacAuthorizer(mirrorReader(mirror));
  const authorizer = new AuthorizerChain([mastersAuthorizer, rbac]);
  const agents = dial && new AgentPool(dial);
  const caller = agents && new WebhookCaller(agents, systemClock);
  const equivalents = (definition: ResourceDefinition) => equivalentResources(registry, definition);
  const webhooks = caller && { caller, clock: systemClock, random, metrics: noMetrics, mirror, equivalents };
  const definitionOf = (apiVersion: string, kind: string) => kindOf(registry, apiVersion, kind);
  const policies = { mirror, authorizer, equivalents, definitionOf };
  const admission = new AdmissionChain(
    admissionPlugins({ mirror, clock: systemClock, random, rbac, authorizer, webhooks, policies }),
  );
  const serviceCidr = '10.96.0.0/24';
  const quotas = new ResourceQuotas(mirror, systemClock);
  const parts = { store, mirror, admission, quotas, clock: systemClock, random, serviceCidr };
  const registry: Registry = new Registry(parts);
  const service = (name: string) => {
    const [group = '', version = 'v1', plural = name] = name.includes('/') ? name.split('/') : ['', 'v1', name];
    const served = registry.resource(group, version, plural);
    if (!served) throw new Error(`${name} is not served`);
    return served.service;
  };
  if (!mirror.collection('', 'namespaces').get('x')) await createNamespace(service);
  const close = async () => {
    agents?.close();
    await mirror.stop();
    if (!sharedStore) await store.close();
    rmSync(path, { recursive: true });
  };
  return { registry, mirror, store, service, close };
}

async function createNamespace(service: ScratchRegistry['service']): Promise<void> {
  const namespace = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'x' } };
  await service('namespaces').create({}, bodyOf(namespace), asks());
  const account = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default' } };
  await service('serviceaccounts').create({ namespace: 'x' }, bodyOf(account), asks());
}

/** A body as the HTTP side hands it over. */
export function bodyOf(object: object): { object: KubeObject; complaints: string[] } {
  return { object: JSON.parse(JSON.stringify(object)) as KubeObject, complaints: [] };
}

/** A write by the control plane, or what `more` makes of it. */
export function asks(more: Partial<WriteRequest> = {}): WriteRequest {
  return {
    user: loopbackUser,
    warn: () => {},
    dryRun: false,
    fieldManager: 'test',
    fieldValidation: 'Ignore',
    ...more,
  };
}

export function deletes(more: Partial<DeleteRequest> = {}): DeleteRequest {
  return { user: loopbackUser, warn: () => {}, dryRun: false, ...more };
}
