import type {
  V1Container,
  V1ContainerPort,
  V1EnvVar,
  V1NodeAffinity,
  V1ObjectMeta,
  V1Pod,
  V1PodAffinity,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Volume,
} from '../../gen/types.ts';
import { formatIp, parseIp } from '../../validation/addresses.ts';
import { amountOf, isWhole } from '../../validation/amounts.ts';
import { dnsLabel, labelValue } from '../../validation/names.ts';

/** Labels of nodes that have new names. */
const OLD_NODE_LABELS: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
};

const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'priorityClassName',
  'security.alpha.kubernetes.io/sysctls': 'sysctls',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'sysctls',
};

const OLD_VOLUMES = [
  'photonPersistentDisk',
  'gitRepo',
  'scaleIO',
  'flocker',
  'storageos',
  'quobyte',
  'glusterfs',
  'cephfs',
  'rbd',
];

type Warn = (message: string) => void;

function oldLabel(key: string, place: string, warn: Warn): void {
  if (OLD_NODE_LABELS[key]) warn(`${place}: ${key} is deprecated; use ${OLD_NODE_LABELS[key]}`);
}

function placement(spec: V1PodSpec, place: string, warn: Warn): void {
  for (const key in spec.nodeSelector) oldLabel(key, `${place}.nodeSelector`, warn);
  const { affinity } = spec;
  if (affinity?.nodeAffinity) nodeAffinity(affinity.nodeAffinity, `${place}.affinity.nodeAffinity`, warn);
  spec.topologySpreadConstraints?.forEach((constraint, i) => {
    const at = `${place}.topologySpreadConstraints[${i}]`;
    oldLabel(constraint.topologyKey, `${at}.topologyKey`, warn);
    if (!constraint.labelSelector) warn(`${at}.labelSelector: a null selector matches no pod`);
  });
  if (affinity?.podAffinity) nullSelectors(affinity.podAffinity, `${place}.affinity.podAffinity`, warn);
  if (affinity?.podAntiAffinity) nullSelectors(affinity.podAntiAffinity, `${place}.affinity.podAntiAffinity`, warn);
}

function nodeAffinity(affinity: V1NodeAffinity, place: string, warn: Warn): void {
  const needs = affinity.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const likes = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  for (const term of [...needs, ...likes.map((like) => like.preference)]) {
    for (const { key } of term?.matchExpressions ?? []) oldLabel(key, place, warn);
  }
  const liked = likes.flatMap((like) => like.preference?.matchExpressions ?? []).flatMap((e) => e.values ?? []);
  for (const value of liked) if (labelValue(value).length > 0) warn(`${place}: ${value} is no label value`);
}

function nullSelectors(affinity: V1PodAffinity, place: string, warn: Warn): void {
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const terms = [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...preferred.map((w) => w.podAffinityTerm),
  ];
  if (terms.some((term) => !term?.labelSelector)) warn(`${place}: a null labelSelector matches no pod`);
}

function sorts(spec: V1PodSpec, place: string, warn: Warn): void {
  spec.volumes?.forEach((volume, i) => {
    for (const name of OLD_VOLUMES) {
      if (volume[name as keyof V1Volume]) warn(`${place}.volumes[${i}].${name}: is deprecated`);
    }
    const size = volume.ephemeral?.volumeClaimTemplate?.spec?.resources?.requests?.storage;
    if (size && !isWhole(amountOf(size))) warn(`${place}.volumes[${i}].ephemeral: fractional bytes`);
    overlaps(volume, warn);
  });
}

/** Two files of a volume at one path, or one where another needs a directory. */
function overlaps(volume: V1Volume, warn: Warn): void {
  const own = [volume.configMap?.items, volume.secret?.items, volume.downwardAPI?.items];
  for (const items of own)
    if (items && clash(items.map((item) => item.path))) warn(`volume ${volume.name}: overlapping paths`);
  const projected = volume.projected?.sources ?? [];
  if (projected.some((source) => Object.keys(source).length === 0)) warn(`volume ${volume.name} has an empty source`);
  const paths = projected.flatMap((source) => [
    ...(source.configMap?.items ?? source.secret?.items ?? source.downwardAPI?.items ?? []).map((item) => item.path),
    ...[source.serviceAccountToken?.path, source.clusterTrustBundle?.path].filter((path) => path !== undefined),
  ]);
  if (clash(paths)) warn(`volume ${volume.name}: overlapping paths`);
}

function clash(paths: readonly string[]): boolean {
  const clean = paths.filter((path) => path !== '').map((path) => `${path.replace(/\/+$/, '')}/`);
  return clean.some((path, i) => clean.some((other, j) => i !== j && other.startsWith(path)));
}

function repeated(values: readonly string[]): boolean {
  return new Set(values).size < values.length;
}

const wholeAmounts = ['memory', 'ephemeral-storage'] as const;

function containerWarnings(container: V1Container, parent: string, warn: Warn): void {
  const place = () => `${parent}[${container.name}]`;
  for (const kind of ['limits', 'requests'] as const) {
    const amounts = container.resources?.[kind];
    for (const name of amounts ? wholeAmounts : []) {
      const amount = amounts?.[name];
      if (amount && !isWhole(amountOf(amount))) warn(`${place()}.resources.${kind}[${name}]: fractional bytes`);
    }
  }
  if (container.env && container.env.length > 1) hiddenVariables(container.env, place, warn);
}

/** A later variable hides an earlier one, unless it is built from it. */
function hiddenVariables(variables: readonly V1EnvVar[], place: () => string, warn: Warn): void {
  const seen = new Set<string>();
  variables.forEach(({ name, value, valueFrom }, i) => {
    if (!seen.has(name)) {
      seen.add(name);
      return;
    }
    const reference = `$(${name})`;
    const builds = !valueFrom && value !== reference && value?.includes(reference);
    if (!builds) warn(`${place()}.env[${i}]: hides an earlier definition of ${name}`);
  });
}

function ports(containers: readonly V1Container[], place: string, warn: Warn): void {
  const all: V1ContainerPort[] = [];
  for (const container of containers) {
    for (const port of container.ports ?? []) {
      if (port.hostIP && !port.hostPort) warn(`${place}: hostIP without hostPort`);
      for (const other of all) repeatedPort(port, other, place, warn);
      all.push(port);
    }
  }
}

function repeatedPort(port: V1ContainerPort, other: V1ContainerPort, place: string, warn: Warn): void {
  if (port.name && port.name === other.name) warn(`${place}: two ports are called ${port.name}`);
  if (port.containerPort !== other.containerPort || port.protocol !== other.protocol) return;
  const same = port.hostIP === other.hostIP && port.hostPort === other.hostPort;
  const oneFree = !port.hostPort || !other.hostPort;
  const ambiguous = port.hostPort === other.hostPort && !port.hostIP !== !other.hostIP;
  if (same || oneFree || ambiguous) warn(`${place}: port ${port.containerPort} is defined twice`);
}

function references(spec: V1PodSpec, place: string, warn: Warn): void {
  const { hostAliases, imagePullSecrets, overhead } = spec;
  if (hostAliases && repeated(hostAliases.map((alias) => alias.ip))) warn(`${place}.hostAliases: an ip stands twice`);
  if (imagePullSecrets) {
    const secrets = imagePullSecrets.map((secret) => secret.name ?? '');
    if (repeated(secrets)) warn(`${place}.imagePullSecrets: a name stands twice`);
    if (secrets.includes('')) warn(`${place}.imagePullSecrets: a name is empty`);
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) warn(`${place}.terminationGracePeriodSeconds: counts as 1`);
  for (const name of overhead ? wholeAmounts : []) {
    const amount = overhead?.[name];
    if (amount && !isWhole(amountOf(amount))) warn(`${place}.overhead[${name}]: fractional bytes`);
  }
  for (const address of spec.dnsConfig?.nameservers ?? []) oddAddress(address, place, warn);
  for (const alias of hostAliases ?? []) oddAddress(alias.ip, place, warn);
}

function oddAddress(address: string, place: string, warn: Warn): void {
  const ip = parseIp(address);
  if (ip && formatIp(ip) !== address) warn(`${place}: ${address} should be written ${formatIp(ip)}`);
}

function oldAnnotations(meta: V1ObjectMeta | undefined, spec: V1PodSpec, place: string, warn: Warn): void {
  for (const key in meta?.annotations) {
    if (OLD_ANNOTATIONS[key]) warn(`${place}.annotations[${key}]: use the field ${OLD_ANNOTATIONS[key]}`);
    if (key === 'seccomp.security.alpha.kubernetes.io/pod' && !spec.securityContext?.seccompProfile) {
      warn(`${place}.annotations[${key}]: use the field seccompProfile`);
    }
  }
}

/** Advice about a pod or a template of pods; `place` is the path of what holds its spec. */
export function podSpecWarnings(template: V1PodTemplateSpec | undefined, place = ''): string[] {
  const found: string[] = [];
  const spec = template?.spec;
  if (!spec) return found;
  const warn: Warn = (message) => found.push(message);
  const at = place === '' ? 'spec' : `${place}.spec`;
  placement(spec, at, warn);
  oldAnnotations(template.metadata, spec, place === '' ? 'metadata' : `${place}.metadata`, warn);
  sorts(spec, at, warn);
  references(spec, at, warn);
  const main = spec.containers ?? [];
  const containers = spec.initContainers ? [...spec.initContainers, ...main] : main;
  for (const container of containers) containerWarnings(container, `${at}.containers`, warn);
  ports(containers, `${at}.containers`, warn);
  return found;
}

export function podWarnings(pod: V1Pod, previous?: V1Pod): string[] {
  if (previous) return [];
  const found = podSpecWarnings(pod);
  if (dnsLabel(pod.metadata?.name ?? '').length > 0) {
    found.unshift('metadata.name: is used as a host name, which a DNS label suits better');
  }
  return found;
}
