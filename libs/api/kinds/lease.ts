import type { ResourceDefinition } from '../definition.ts';
import type { V1Lease } from '../gen/types.ts';

export const leases: ResourceDefinition<V1Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  singular: 'lease',
  namespaced: true,
  type: 'V1Lease',
};
