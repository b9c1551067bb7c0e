import type { V1Node, V1Pod } from '../api/gen/types.ts';
import { sameValue } from '../api/validation/equality.ts';
import { systemGroups } from '../auth/user.ts';
import type { ObjectReader } from '../cache/object-reader.ts';
import { forbidden } from '../registry/errors.ts';
import type { AdmissionAttributes } from '../registry/parts.ts';
import type { AdmissionPlugin } from './chain.ts';

const userPrefix = 'system:node:';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
const leases = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };

/** What an agent's own credentials may write: its node, its lease, its pods. No node draws others' pods to itself. */
export function nodeRestriction(objects: ObjectReader): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    resources: ['/pods', '/nodes', `${leases.group}/leases`, 'storage.k8s.io/csinodes'],
    validate(attributes) {
      const { user } = attributes.request;
      if (!user.groups.includes(systemGroups.nodes) || !user.name.startsWith(userPrefix)) return;
      const node = user.name.slice(userPrefix.length);
      const why = complaint(node, attributes, objects);
      if (why === undefined) return;
      throw forbidden(attributes.definition, attributes.object?.metadata?.name ?? attributes.at.name ?? '', why);
    },
  };
}

function complaint(node: string, attributes: AdmissionAttributes, objects: ObjectReader): string | undefined {
  const { definition, at, object } = attributes;
  switch (definition.plural) {
    case 'pods':
      return podComplaint(node, attributes, objects);
    case 'nodes':
      return nodeComplaint(node, attributes);
    case 'leases': {
      if (at.namespace !== leases.namespace) {
        return `can only access leases in the "${leases.namespace}" system namespace`;
      }
      const name = object?.metadata?.name ?? at.name;
      return name === node ? undefined : `can only access node lease with the same name as the requesting node`;
    }
    default: {
      const name = object?.metadata?.name ?? at.name;
      return name === node ? undefined : 'can only access CSINode with the same name as the requesting node';
    }
  }
}

function podComplaint(node: string, attributes: AdmissionAttributes, objects: ObjectReader): string | undefined {
  const { operation, subresource, object, previous } = attributes;
  if (operation === 'create') return newPodComplaint(node, object as V1Pod, objects);
  const before = previous as V1Pod | undefined;
  if (operation === 'delete') {
    return before?.spec?.nodeName === node
      ? undefined
      : `node "${node}" can only delete pods with spec.nodeName set to itself`;
  }
  if (subresource !== 'status') {
    return `unexpected operation "UPDATE", node "${node}" can only create and delete mirror pods`;
  }
  if (before?.spec?.nodeName !== node) {
    return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`;
  }
  const relabelled = !sameValue(object?.metadata?.labels ?? {}, before.metadata?.labels ?? {});
  return relabelled ? `node "${node}" cannot update labels through pod status` : undefined;
}

/** A node shows its static pods, which refer to nothing else. */
function newPodComplaint(node: string, { metadata, spec }: V1Pod, objects: ObjectReader): string | undefined {
  if (metadata?.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have "${mirrorAnnotation}" annotation, node "${node}" can only create mirror pods`;
  }
  if (spec?.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`;
  const [owner, ...others] = metadata.ownerReferences ?? [];
  const known = objects.get<V1Node>('', 'nodes', node)?.metadata?.uid;
  const isOwn = owner?.apiVersion === 'v1' && owner.kind === 'Node' && owner.name === node && owner.uid === known;
  if (others.length > 0 || !isOwn || !owner.controller) {
    return `node "${node}" can only create pods with a controller owner reference set to itself`;
  }
  if (owner.blockOwnerDeletion) return `node "${node}" must not set blockOwnerDeletion on an owner reference`;
  const reference = referenceOf(spec);
  return reference && `node "${node}" can not create pods that reference ${reference}`;
}

type Spec = NonNullable<V1Pod['spec']>;

function referenceOf(spec: Spec): string | undefined {
  if (spec.serviceAccountName) return 'serviceaccounts';
  if (spec.imagePullSecrets?.length) return 'secrets';
  if (spec.resourceClaims?.length) return 'resourceclaims';
  const environment = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].flatMap(({ env, envFrom }) => [
    ...(env ?? []).map(({ valueFrom }) => [valueFrom?.secretKeyRef, valueFrom?.configMapKeyRef]),
    ...(envFrom ?? []).map(({ secretRef, configMapRef }) => [secretRef, configMapRef]),
  ]);
  if (environment.some(([secret]) => secret)) return 'secrets';
  if (environment.some(([, configMap]) => configMap)) return 'configmaps';
  for (const volume of spec.volumes ?? []) {
    if (volume.secret) return 'secrets';
    if (volume.configMap) return 'configmaps';
    if (volume.projected) return 'projected volumes';
    if (volume.persistentVolumeClaim) return 'persistentvolumeclaims';
    if (volume.csi || volume.ephemeral) return 'storage';
  }
  return undefined;
}

function nodeComplaint(node: string, { operation, object, previous, at }: AdmissionAttributes): string | undefined {
  const name = object?.metadata?.name ?? at.name;
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`;
  if (operation === 'delete') return undefined;
  const [wanted, before] = [object as V1Node, previous as V1Node | undefined];
  const labels = forbiddenLabels(wanted.metadata?.labels ?? {}, before?.metadata?.labels ?? {});
  if (!before) {
    return labels.length > 0
      ? `node "${node}" is not allowed to set the following labels: ${labels.join(', ')}`
      : undefined;
  }
  if (!sameValue(wanted.spec?.taints ?? [], before.spec?.taints ?? [])) {
    return `node "${node}" is not allowed to modify taints`;
  }
  if (!sameValue(wanted.metadata?.ownerReferences ?? [], before.metadata?.ownerReferences ?? [])) {
    return `node "${node}" is not allowed to modify ownerReferences`;
  }
  return labels.length > 0 ? `is not allowed to modify labels: ${labels.join(', ')}` : undefined;
}

const ownLabels = new Set([
  'kubernetes.io/hostname',
  ...['topology.kubernetes.io', 'failure-domain.beta.kubernetes.io'].flatMap((at) => [`${at}/zone`, `${at}/region`]),
  ...['os', 'arch', 'instance-type'].map((name) => `beta.kubernetes.io/${name}`),
  'node.kubernetes.io/instance-type',
  'kubernetes.io/os',
  'kubernetes.io/arch',
]);

/** Labels by which workloads are steered are set by people, not by nodes. */
function forbiddenLabels(now: Readonly<Record<string, string>>, before: Readonly<Record<string, string>>): string[] {
  const keys = new Set([...Object.keys(now), ...Object.keys(before)]);
  return [...keys].filter((key) => now[key] !== before[key] && !isNodesOwn(key)).sort();
}

function isNodesOwn(key: string): boolean {
  const domain = key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
  if (isWithin(domain, 'node-restriction.kubernetes.io')) return false;
  if (!isWithin(domain, 'kubernetes.io') && !isWithin(domain, 'k8s.io')) return true;
  return ownLabels.has(key) || isWithin(domain, 'kubelet.kubernetes.io') || isWithin(domain, 'node.kubernetes.io');
}

function isWithin(domain: string, parent: string): boolean {
  return domain === parent || domain.endsWith(`.${parent}`);
}
