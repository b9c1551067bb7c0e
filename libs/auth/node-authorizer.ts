import type { V1Pod } from '../api/gen/types.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import type { Authorizer, Decision, RequestAttributes, ResourceAttributes } from './attributes.ts';
import { systemGroups, type UserInfo } from './user.ts';

const userPrefix = 'system:node:';
const none: Decision = { verdict: 'none' };
const allow: Decision = { verdict: 'allow' };

/** What a node may do whatever pods it has, as `group/plural` with verbs. Writes are narrowed below. */
const always: Readonly<Record<string, readonly string[]>> = {
  '/services': ['get', 'list', 'watch'],
  '/nodes': ['create', 'get', 'list', 'watch', 'update', 'patch'],
  '/nodes/status': ['update', 'patch'],
  '/pods': ['get', 'list', 'watch', 'create', 'delete'],
  '/pods/status': ['get', 'update', 'patch'],
  '/pods/eviction': ['create'],
  '/events': ['create', 'update', 'patch'],
  'events.k8s.io/events': ['create', 'update', 'patch'],
  'discovery.k8s.io/endpointslices': ['get', 'list', 'watch'],
  'coordination.k8s.io/leases': ['get', 'create', 'update', 'patch', 'delete'],
  'storage.k8s.io/csidrivers': ['get', 'list', 'watch'],
  'storage.k8s.io/csinodes': ['get', 'create', 'update', 'patch', 'delete'],
  'node.k8s.io/runtimeclasses': ['get', 'list', 'watch'],
  'certificates.k8s.io/certificatesigningrequests': ['create', 'get', 'list', 'watch'],
  'certificates.k8s.io/certificatesigningrequests/selfnodeclient': ['create'],
  'authentication.k8s.io/tokenreviews': ['create'],
  'authorization.k8s.io/subjectaccessreviews': ['create'],
  'authorization.k8s.io/localsubjectaccessreviews': ['create'],
};

/** Confines each agent to its own node, its own pods and what they refer to. */
export class NodeAuthorizer implements Authorizer {
  private readonly pods: PodsByNode;

  constructor(objects: ObjectReader) {
    this.pods = new PodsByNode(objects);
  }

  authorize(user: UserInfo, { verb, resource }: RequestAttributes): Decision {
    if (!user.groups.includes(systemGroups.nodes) || !user.name.startsWith(userPrefix) || !resource) return none;
    const node = user.name.slice(userPrefix.length);
    const key = `${resource.group}/${resource.plural}${resource.subresource ? `/${resource.subresource}` : ''}`;
    if (always[key]?.includes(verb)) return this.narrowed(node, key, { verb, resource });
    if (key === '/serviceaccounts/token' && verb === 'create') return this.ifReferred(node, resource, serviceAccountOf);
    if (verb !== 'get') return none;
    if (key === '/secrets') return this.ifReferred(node, resource, secretsOf);
    if (key === '/configmaps') return this.ifReferred(node, resource, configMapsOf);
    if (key === '/serviceaccounts') return this.ifReferred(node, resource, serviceAccountOf);
    if (key === '/persistentvolumeclaims') return this.ifReferred(node, resource, claimsOf);
    return none;
  }

  /** Writes touch the node itself, its own pods and its own lease only. */
  private narrowed(node: string, key: string, request: { verb: string; resource: ResourceAttributes }): Decision {
    const { verb, resource } = request;
    const reading = verb === 'get' || verb === 'list' || verb === 'watch';
    if (reading || (verb === 'create' && key !== '/pods/eviction')) return allow;
    if (key === '/nodes' || key === '/nodes/status' || key.endsWith('/csinodes')) return own(resource.name === node);
    if (key === 'coordination.k8s.io/leases') {
      return own(resource.namespace === 'kube-node-lease' && resource.name === node);
    }
    if (key.startsWith('/pods')) {
      return own(this.pods.of(node).some((pod) => isNamed(pod, resource)));
    }
    return allow;
  }

  private ifReferred(node: string, resource: ResourceAttributes, names: (pod: V1Pod) => string[]): Decision {
    if (resource.name === undefined) return none;
    const referred = this.pods
      .of(node)
      .some((pod) => pod.metadata?.namespace === resource.namespace && names(pod).includes(resource.name!));
    return referred
      ? allow
      : { verdict: 'none', reason: `no relationship found between node '${node}' and this object` };
  }
}

function own(isOwn: boolean): Decision {
  return isOwn ? allow : { verdict: 'none', reason: 'a node may only change what is its own' };
}

function isNamed(pod: V1Pod, { namespace, name }: ResourceAttributes): boolean {
  return pod.metadata?.namespace === namespace && pod.metadata?.name === name;
}

/** Pods by the node they are bound to, made again when pods have changed. */
class PodsByNode {
  private version = -1;
  private byNode = new Map<string, V1Pod[]>();

  constructor(private readonly objects: ObjectReader) {}

  of(node: string): readonly V1Pod[] {
    const version = this.objects.version('', 'pods');
    if (version !== this.version) this.build(version);
    return this.byNode.get(node) ?? [];
  }

  private build(version: number): void {
    this.version = version;
    this.byNode = new Map();
    for (const pod of this.objects.list<V1Pod>('', 'pods')) {
      const node = pod.spec?.nodeName;
      if (!node) continue;
      const known = this.byNode.get(node);
      if (known) known.push(pod);
      else this.byNode.set(node, [pod]);
    }
  }
}

function serviceAccountOf(pod: V1Pod): string[] {
  return [pod.spec?.serviceAccountName ?? 'default'];
}

function claimsOf(pod: V1Pod): string[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) => volume.persistentVolumeClaim?.claimName ?? []);
}

function containersOf(pod: V1Pod) {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  return [...initContainers, ...containers];
}

function secretsOf(pod: V1Pod): string[] {
  const pull = (pod.spec?.imagePullSecrets ?? []).flatMap((reference) => reference.name ?? []);
  const volumes = (pod.spec?.volumes ?? []).flatMap((volume) => [
    volume.secret?.secretName ?? [],
    ...(volume.projected?.sources ?? []).map((source) => source.secret?.name ?? []),
  ]);
  const environment = containersOf(pod).flatMap((container) => [
    ...(container.envFrom ?? []).map((source) => source.secretRef?.name ?? []),
    ...(container.env ?? []).map((variable) => variable.valueFrom?.secretKeyRef?.name ?? []),
  ]);
  return [...pull, ...volumes.flat(), ...environment.flat()];
}

function configMapsOf(pod: V1Pod): string[] {
  const volumes = (pod.spec?.volumes ?? []).flatMap((volume) => [
    volume.configMap?.name ?? [],
    ...(volume.projected?.sources ?? []).map((source) => source.configMap?.name ?? []),
  ]);
  const environment = containersOf(pod).flatMap((container) => [
    ...(container.envFrom ?? []).map((source) => source.configMapRef?.name ?? []),
    ...(container.env ?? []).map((variable) => variable.valueFrom?.configMapKeyRef?.name ?? []),
  ]);
  return [...volumes.flat(), ...environment.flat()];
}
