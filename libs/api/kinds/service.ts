import type { ResourceDefinition } from '../definition.ts';
import type { V1Service } from '../gen/types.ts';

export const services: ResourceDefinition<V1Service> = {
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  singular: 'service',
  namespaced: true,
  type: 'V1Service',
};
