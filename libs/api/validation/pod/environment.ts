import type {
  V1ConfigMapKeySelector,
  V1EnvFromSource,
  V1EnvVar,
  V1EnvVarSource,
  V1FileKeySelector,
  V1ObjectFieldSelector,
  V1ResourceFieldSelector,
} from '../../gen/types.ts';
import { amountOf } from '../amounts.ts';
import { asPrefix, configKey, dnsLabel, dnsSubdomain, environmentName, qualifiedName } from '../names.ts';
import { noBacksteps } from '../paths.ts';
import type { Report } from '../report.ts';
import { all, alwaysText, each, fields, type Rule, required, text } from '../rule.ts';

/** Fields of a pod that its containers can read as environment variables. */
const ENVIRONMENT_FIELDS = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);

/** Fields of a pod that its volumes can hold as files. */
const FILE_FIELDS = new Set([
  'metadata.name',
  'metadata.namespace',
  'metadata.labels',
  'metadata.annotations',
  'metadata.uid',
]);

/** Every field that the downward API has a name for. */
const KNOWN_FIELDS = new Set([
  ...ENVIRONMENT_FIELDS,
  ...FILE_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
]);

/** Old names of fields, still read. */
const FIELD_ALIASES: Readonly<Record<string, string>> = { 'spec.host': 'spec.nodeName' };

const CONTAINER_RESOURCES = new Set(
  ['limits', 'requests'].flatMap((kind) => ['cpu', 'memory', 'ephemeral-storage'].map((name) => `${kind}.${name}`)),
);

const BYTE_UNITS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const BYTE_DIVISORS = new Set(BYTE_UNITS.map((unit) => amountOf(unit)));
const CPU_DIVISORS = new Set([amountOf('1m'), amountOf('1')]);

/** `metadata.labels['app']` as its path and key. */
function splitSubscript(path: string): [path: string, key: string] | undefined {
  const match = /^([^[]*)\['(.*)'\]$/s.exec(path);
  return match ? [match[1]!, match[2]!] : undefined;
}

function fieldSelector(allowed: ReadonlySet<string>): Rule<V1ObjectFieldSelector> {
  return (selector, at) => {
    if (!selector.apiVersion) return at.required('', 'apiVersion');
    if (!selector.fieldPath) return at.required('', 'fieldPath');
    const path = FIELD_ALIASES[selector.fieldPath] ?? selector.fieldPath;
    const subscripted = splitSubscript(path);
    const known = subscripted ? isMap(subscripted[0]) : KNOWN_FIELDS.has(path);
    if (!known || selector.apiVersion !== 'v1') at.invalid('is no field of a pod', 'fieldPath');
    else if (subscripted) subscript(...subscripted, at);
    else if (!allowed.has(path)) at.notSupported(allowed, 'fieldPath');
  };
}

function isMap(path: string): boolean {
  return path === 'metadata.annotations' || path === 'metadata.labels';
}

function subscript(path: string, key: string, at: Report): void {
  const name = path === 'metadata.annotations' ? key.toLowerCase() : key;
  for (const complaint of qualifiedName(name)) at.invalid(complaint);
}

export const environmentFieldSelector = fieldSelector(ENVIRONMENT_FIELDS);
export const fileFieldSelector = fieldSelector(FILE_FIELDS);

/** `limits.memory` and its like. In a volume the container must be named as well. */
export function resourceSelector(place: 'environment' | 'volume'): Rule<V1ResourceFieldSelector> {
  return (selector, at) => {
    const { resource, divisor } = selector;
    const hugePages = /^(limits|requests)\.hugepages-/.test(resource ?? '');
    if (place === 'volume' && !selector.containerName) at.required('', 'containerName');
    else if (!resource) at.required('', 'resource');
    else if (!CONTAINER_RESOURCES.has(resource) && !hugePages) at.notSupported(CONTAINER_RESOURCES, 'resource');
    const amount = amountOf(divisor || '0');
    if (amount === 0n) return;
    const allowed = /^(limits|requests)\.cpu$/.test(resource) ? CPU_DIVISORS : BYTE_DIVISORS;
    if ((CONTAINER_RESOURCES.has(resource) || hugePages) && !allowed.has(amount)) {
      at.invalid('is no unit of this resource', 'divisor');
    }
  };
}

const keySelector: Rule<V1ConfigMapKeySelector> = fields<V1ConfigMapKeySelector>({
  name: alwaysText(dnsSubdomain),
  key: required(text(configKey)),
});

const fileSelector: Rule<V1FileKeySelector> = fields<V1FileKeySelector>({
  key: required(text(environmentName)),
  volumeName: required(text(dnsLabel)),
  path: required(noBacksteps),
});

const source: Rule<V1EnvVarSource> = fields<V1EnvVarSource>({
  fieldRef: environmentFieldSelector,
  resourceFieldRef: resourceSelector('environment'),
  configMapKeyRef: keySelector,
  secretKeyRef: keySelector,
  fileKeyRef: fileSelector,
});

const exactlyOneSource: Rule<V1EnvVar> = (variable, at) => {
  if (!variable.valueFrom) return;
  const count = Object.values(variable.valueFrom).filter((value) => value !== undefined && value !== null).length;
  if (count === 0) at.invalid('must say where the value comes from', 'valueFrom');
  else if (variable.value) at.invalid('must not stand beside a value', 'valueFrom');
  else if (count > 1) at.invalid('must name one source only', 'valueFrom');
};

export const environment: Rule<readonly V1EnvVar[]> = each(
  all<V1EnvVar>(fields<V1EnvVar>({ name: required(text(environmentName)), valueFrom: source }), exactlyOneSource),
);

const namedSource = fields<{ name?: string; optional?: boolean }>({ name: required(text(asPrefix(dnsSubdomain))) });

const environmentSource: Rule<V1EnvFromSource> = fields<V1EnvFromSource>({
  prefix: text(environmentName),
  configMapRef: namedSource,
  secretRef: namedSource,
});

/** Complaints about the number of sources stand at the list, not at its item. */
export const environmentFrom: Rule<readonly V1EnvFromSource[]> = (list, at, context) => {
  list.forEach((item, i) => {
    at.enter(i);
    environmentSource(item, at, context);
    at.leave();
    const count = (item.configMapRef ? 1 : 0) + (item.secretRef ? 1 : 0);
    if (count === 0) at.invalid('must name a ConfigMap or a Secret');
    else if (count > 1) at.invalid('must name one source only');
  });
};
