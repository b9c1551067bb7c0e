import type { ResourceDefinition } from '../definition.ts';
import type { V1EndpointSlice } from '../gen/types.ts';

export const endpointslices: ResourceDefinition<V1EndpointSlice> = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
  type: 'V1EndpointSlice',
};
