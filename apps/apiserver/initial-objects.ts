import { conformObject } from '../../libs/api/decode/decode.ts';
import type { KubeObject } from '../../libs/api/meta.ts';
import { apiVersionOf } from '../../libs/api/meta.ts';
import { defaultRoles } from '../../libs/auth/default-roles.ts';
import { reconciled } from '../../libs/auth/reconcile-roles.ts';
import { isStatus } from '../../libs/base/status.ts';
import { expectedOf } from '../../libs/registry/expected-type.ts';
import type { Registry, ServedResource } from '../../libs/registry/registry.ts';
import type { DecodedObject, WriteRequest } from '../../libs/registry/requests.ts';
import { serverRequest } from '../../libs/registry/server-writes.ts';

/** Objects that every cluster has, in the order in which they are made. */
export interface InitialObject {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly object: KubeObject;
  /** Once it is made it stays as it is, whatever its kind. */
  readonly isKept?: boolean;
  /** Who owns its fields; the server itself when absent. */
  readonly manager?: string;
}

const rbacGroup = 'rbac.authorization.k8s.io';

const namespace = (name: string): InitialObject => ({
  group: '',
  version: 'v1',
  plural: 'namespaces',
  object: { metadata: { name } },
});

const priority = (name: string, value: number, description: string): InitialObject => ({
  group: 'scheduling.k8s.io',
  version: 'v1',
  plural: 'priorityclasses',
  object: { metadata: { name }, value, globalDefault: false, description } as KubeObject,
});

export interface ClusterFacts {
  /** What else this server makes sure of. */
  readonly more?: readonly InitialObject[];
  readonly serviceCidr: string;
  readonly serviceAddress: string;
  readonly advertiseAddress: string;
  readonly port: number;
  /** RFC 3339. */
  readonly now: string;
}

const servicePort = 443;

/** The range that services get their addresses from. It is in use from the start, so it is ready from the start. */
function defaultServiceCidr({ serviceCidr, now }: ClusterFacts): InitialObject {
  const message = 'Services get addresses from this range.';
  const ready = { type: 'Ready', status: 'True', reason: '', message, lastTransitionTime: now };
  return {
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'servicecidrs',
    object: {
      metadata: { name: 'kubernetes' },
      spec: { cidrs: [serviceCidr] },
      status: { conditions: [ready] },
    } as KubeObject,
  };
}

function kubernetesService(facts: ClusterFacts): InitialObject {
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  };
  const spec = {
    type: 'ClusterIP',
    clusterIP: facts.serviceAddress,
    sessionAffinity: 'None',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ports: [{ name: 'https', protocol: 'TCP', port: servicePort, targetPort: facts.port }],
  };
  return { group: '', version: 'v1', plural: 'services', object: { metadata, spec } as KubeObject };
}

function kubernetesEndpoints(facts: ClusterFacts): InitialObject {
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' },
  };
  const subset = {
    addresses: [{ ip: facts.advertiseAddress }],
    ports: [{ name: 'https', port: facts.port, protocol: 'TCP' }],
  };
  return { group: '', version: 'v1', plural: 'endpoints', object: { metadata, subsets: [subset] } as KubeObject };
}

function kubernetesSlice(facts: ClusterFacts): InitialObject {
  const metadata = { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } };
  const slice = {
    metadata,
    addressType: 'IPv4',
    endpoints: [{ addresses: [facts.advertiseAddress], conditions: { ready: true } }],
    ports: [{ name: 'https', port: facts.port, protocol: 'TCP' }],
  };
  return { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices', object: slice as KubeObject };
}

function initialObjects(facts: ClusterFacts): InitialObject[] {
  return [
    ...['default', 'kube-system', 'kube-public', 'kube-node-lease'].map(namespace),
    priority('system-cluster-critical', 2_000_000_000, 'For pods that the cluster cannot do without; they may move.'),
    priority('system-node-critical', 2_000_001_000, 'For pods that their node cannot do without.'),
    defaultServiceCidr(facts),
    kubernetesService(facts),
    // Pods could not reach a loopback address, and the API refuses it as an endpoint.
    ...defaultRoles().map(({ plural, object }) => ({
      group: rbacGroup,
      version: 'v1',
      plural,
      object,
    })),
    ...(facts.more ?? []),
    ...(facts.advertiseAddress.startsWith('127.') ? [] : [kubernetesEndpoints(facts), kubernetesSlice(facts)]),
  ];
}

/** Kinds whose content follows the server's own address and certificates. */
const renewed = new Set(['endpoints', 'endpointslices', 'configmaps']);

/** Makes what is missing and renews what depends on where the server is. */
export async function ensureInitialObjects(registry: Registry, facts: ClusterFacts): Promise<void> {
  const [namespaces, others] = [initialObjects(facts).slice(0, 4), initialObjects(facts).slice(4)];
  for (const group of [namespaces, others]) {
    await Promise.all(group.map((initial) => ensure(registry, initial)));
  }
}

async function ensure(registry: Registry, initial: InitialObject): Promise<void> {
  const served = registry.resource(initial.group, initial.version, initial.plural);
  if (!served) return;
  const { kind } = served.definition;
  const object = { kind, apiVersion: apiVersionOf(initial), ...initial.object };
  const at = { namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
  // A write completes the object that it is given, so each gets one of its own.
  const body = () => conformObject(structuredClone(object), expectedOf(served.definition));
  const request = { ...serverRequest, fieldManager: initial.manager ?? serverRequest.fieldManager };
  try {
    const known = await served.service.get(at).catch(() => undefined);
    if (!known) {
      await served.service.create({ namespace: at.namespace }, body(), request);
      if ('status' in object) await served.service.update(at, body(), { ...request, subresource: 'status' });
    } else if (initial.isKept) return;
    else if (renewed.has(initial.plural)) await served.service.update(at, body(), request);
    else if (initial.group === rbacGroup) await reconcileRole(served, known.object, { at, body: body(), request });
  } catch (error) {
    if (!isStatus(error, 'AlreadyExists', 'Conflict')) throw error;
  }
}

interface RoleStep {
  readonly at: { namespace: string | undefined; name: string };
  readonly body: DecodedObject;
  readonly request: WriteRequest;
}

/** Roles and bindings from an earlier version of Berth come to grant what this one does. */
async function reconcileRole({ service }: ServedResource, existing: KubeObject, step: RoleStep): Promise<void> {
  const { at, body, request } = step;
  const outcome = reconciled(existing, body.object);
  if (outcome.action === 'keep') return;
  if (outcome.action === 'update') {
    await service.update(at, { object: structuredClone(outcome.object), complaints: [] }, request);
    return;
  }
  await service.delete(at, { user: request.user, warn: request.warn, dryRun: false });
  await service.create({ namespace: at.namespace }, body, request);
}
