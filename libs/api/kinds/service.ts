import type { ResourceDefinition } from '../definition.ts';
import type { V1Service } from '../gen/types.ts';
import { loadBalancerStatus } from '../validation/load-balancer.ts';
import { metadata } from '../validation/metadata.ts';
import { dnsLabel } from '../validation/names.ts';
import { allUpdates, type UpdateRule, validations } from '../validation/object.ts';
import { addressesStay } from './service/addresses.ts';
import { serviceColumns } from './service/columns.ts';
import { isHeadless, needsHealthCheck } from './service/shape.ts';
import { defaultService, prepareNewService, prepareServiceUpdate } from './service/strategy.ts';
import { loadBalancerClass, serviceRules } from './service/validation.ts';
import { ownStatus } from './strategy.ts';
import { cidrWarnings, ipWarnings } from './warnings.ts';

const balancerStays: UpdateRule<V1Service> = (service, previous, at) => {
  const [spec, before] = [service.spec!, previous.spec!];
  if (
    spec.type === 'LoadBalancer' &&
    before.type === 'LoadBalancer' &&
    spec.loadBalancerClass !== before.loadBalancerClass
  ) {
    at.invalid('may not change', 'spec', 'loadBalancerClass');
  }
  loadBalancerClass(spec, at);
  if (needsHealthCheck(before) && needsHealthCheck(spec) && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    at.forbidden('field is immutable', 'spec', 'healthCheckNodePort');
  }
};

function serviceWarnings({ metadata: meta, spec = {} }: V1Service): string[] {
  const found: string[] = [];
  const old = 'service.kubernetes.io/topology-aware-hints';
  if (meta?.annotations && old in meta.annotations) found.push(`annotation ${old} is deprecated`);
  if (!isHeadless(spec)) found.push(...ipWarnings('spec.clusterIPs', spec.clusterIPs));
  else {
    if (spec.loadBalancerIP) found.push('spec.loadBalancerIP is ignored for headless services');
    if (spec.externalIPs?.length) found.push('spec.externalIPs is ignored for headless services');
    if (spec.sessionAffinity !== 'None') found.push('spec.sessionAffinity is ignored for headless services');
  }
  found.push(...ipWarnings('spec.externalIPs', spec.externalIPs));
  if (spec.externalIPs?.length && !isHeadless(spec)) found.push('spec.externalIPs is deprecated');
  if (spec.loadBalancerIP) found.push(...ipWarnings('spec.loadBalancerIP', [spec.loadBalancerIP]));
  found.push(...cidrWarnings('spec.loadBalancerSourceRanges', spec.loadBalancerSourceRanges));
  if (spec.type !== 'ExternalName' && spec.externalName) found.push('spec.externalName goes with ExternalName only');
  if (spec.trafficDistribution === 'PreferClose') found.push('PreferClose is deprecated; use PreferSameZone');
  return found;
}

export const services: ResourceDefinition<V1Service> = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  type: 'V1Service',
  createOnUpdate: true,
  subresources: [{ name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }],
  ...ownStatus<V1Service>('V1ServiceStatus'),
  setDefaults: defaultService,
  prepareForCreate: prepareNewService,
  prepareForUpdate: prepareServiceUpdate,
  ...validations<V1Service>({
    metadata: metadata({ name: dnsLabel, namespaced: true }),
    object: serviceRules,
    before: allUpdates(addressesStay, balancerStays),
    status(service, _previous, at) {
      at.enter('status');
      at.enter('loadBalancer');
      loadBalancerStatus(service.status?.loadBalancer, service.spec?.type, at);
      at.leave();
      at.leave();
    },
  }),
  warnings: serviceWarnings,
  columns: serviceColumns,
  selectableFields: {
    'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
    'spec.type': (service) => service.spec?.type ?? '',
  },
};
