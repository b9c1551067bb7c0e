import type { ResourceDefinition } from '../definition.ts';
import type {
  V1HTTPIngressPath,
  V1HTTPIngressRuleValue,
  V1Ingress,
  V1IngressBackend,
  V1IngressRule,
  V1IngressSpec,
  V1IngressTLS,
  V1TypedLocalObjectReference,
} from '../gen/types.ts';
import { ipAddress, parseIp } from '../validation/addresses.ts';
import { hostnameOf } from '../validation/load-balancer.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain, pathSegment, portName, wildcardDnsSubdomain } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { all, below, each, fields, filled, present, type Rule, required, text } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { balancerAddresses } from './service/columns.ts';
import { ownStatus } from './strategy.ts';
import { ipWarnings } from './warnings.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const SHOWN_MAX = 3;

const host: Rule<string> = (name, at) => {
  const check = name.includes('*') ? wildcardDnsSubdomain : dnsSubdomain;
  for (const complaint of check(name)) at.invalid(complaint);
};

/** A reference to an object of any kind in the same namespace. */
export const typedReference: Rule<V1TypedLocalObjectReference> = fields<V1TypedLocalObjectReference>({
  apiGroup: text(dnsSubdomain),
  kind: required(text(pathSegment)),
  name: required(text(pathSegment)),
});

type ServiceBackend = NonNullable<V1IngressBackend['service']>;

/** Complaints about which port there is stand at the backend. */
function servicePort({ port = {} }: ServiceBackend, at: Parameters<Rule<unknown>>[1]): void {
  if (port.name && port.number) at.invalid('names a port twice');
  else if (port.name) for (const complaint of portName(port.name)) at.invalid(complaint, 'service', 'port', 'name');
  else if (!port.number) at.required('needs a port');
  else if (port.number < 1 || port.number > 65535)
    at.invalid('must be between 1 and 65535', 'service', 'port', 'number');
}

const backend: Rule<V1IngressBackend> = ({ resource, service }, at, context) => {
  if (resource && service) return at.invalid('names a resource and a service');
  if (resource) return below(at, 'resource', resource, typedReference, context);
  if (!service) return at.invalid('needs a resource or a service');
  if (!service.name) at.required('', 'service', 'name');
  else for (const complaint of dnsLabel(service.name)) at.invalid(complaint, 'service', 'name');
  servicePort(service, at);
};

const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDS = ['/..', '/.'];
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];

const path: Rule<V1HTTPIngressPath> = ({ pathType, path: written = '', backend: to }, at, context) => {
  if (pathType === undefined) return at.required('', 'pathType');
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!written.startsWith('/')) at.invalid('must be an absolute path', 'path');
    for (const part of BAD_SEQUENCES) if (written.includes(part)) at.invalid(`must not contain ${part}`, 'path');
    for (const end of BAD_ENDS) if (written.endsWith(end)) at.invalid(`must not end in ${end}`, 'path');
  } else if (pathType === 'ImplementationSpecific') {
    if (written && !written.startsWith('/')) at.invalid('must be an absolute path', 'path');
  } else at.notSupported(PATH_TYPES, 'pathType');
  below(at, 'backend', to ?? {}, backend, context);
};

const rule: Rule<V1IngressRule> = all<V1IngressRule>(
  ({ host: name }, at) => {
    if (name && parseIp(name)) at.invalid('must be a name and not an address', 'host');
  },
  fields<V1IngressRule>({
    host: filled(host),
    http: fields<V1HTTPIngressRuleValue>({ paths: required(each(path)) }),
  }),
);

const spec: Rule<V1IngressSpec> = all<V1IngressSpec>(
  ({ rules = [], defaultBackend }, at) => {
    if (rules.length === 0 && !defaultBackend) at.invalid('needs rules or defaultBackend');
  },
  fields<V1IngressSpec>({
    defaultBackend: backend,
    rules: each(rule),
    tls: each(fields<V1IngressTLS>({ hosts: each(host), secretName: filled(text(dnsSubdomain)) })),
    ingressClassName: text(dnsSubdomain),
  }),
);

function hostsCell(ingress: V1Ingress): string {
  const rules = ingress.spec?.rules ?? [];
  const hosts = rules
    .map((item) => item.host ?? '')
    .filter((name) => name !== '')
    .slice(0, SHOWN_MAX);
  if (hosts.length === 0) return '*';
  return rules.length > SHOWN_MAX ? `${hosts.join(',')} + ${rules.length - SHOWN_MAX} more...` : hosts.join(',');
}

export const ingresses: ResourceDefinition<V1Ingress> = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  singular: 'ingress',
  shortNames: ['ing'],
  namespaced: true,
  type: 'V1Ingress',
  hasGeneration: true,
  ...ownStatus<V1Ingress>('V1IngressStatus'),
  ...validations<V1Ingress>({
    metadata: namespacedMetadata,
    object: fields<V1Ingress>({ spec: present(spec) }),
    created(ingress, at) {
      const annotation: string | undefined = ingress.metadata?.annotations?.[CLASS_ANNOTATION];
      const name = ingress.spec?.ingressClassName;
      if (annotation === undefined || name === undefined || annotation === name) return;
      at.invalid('must match ingressClassName', 'annotations', CLASS_ANNOTATION);
    },
    metadataAgain: true,
    status(ingress, _previous, at) {
      for (const step of ['status', 'loadBalancer', 'ingress']) at.enter(step);
      ingress.status?.loadBalancer?.ingress?.forEach(({ ip, hostname }, i) => {
        at.enter(i);
        below(at, 'ip', ip || undefined, ipAddress, undefined);
        hostnameOf(hostname, at);
        at.leave();
      });
    },
  }),
  warnings(ingress, previous) {
    const annotated = CLASS_ANNOTATION in (ingress.metadata?.annotations ?? {}) && !ingress.spec?.ingressClassName;
    if (!previous) return annotated ? [`annotation ${CLASS_ANNOTATION} is deprecated`] : [];
    const given = (ingress.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
    return ipWarnings('status.loadBalancer.ingress', given);
  },
  columns: [
    nameColumn,
    column('Class', 'Who serves it.', (ingress) => ingress.spec?.ingressClassName ?? '<none>'),
    column('Hosts', 'Names it answers to.', hostsCell),
    column('Address', 'Where it is reached.', (ingress) =>
      balancerAddresses(ingress.status?.loadBalancer?.ingress).join(','),
    ),
    column('Ports', 'Ports it is reached at.', (ingress) => (ingress.spec?.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
};
