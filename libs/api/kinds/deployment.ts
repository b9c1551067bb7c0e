import type { ResourceDefinition } from '../definition.ts';
import type { V1Deployment } from '../gen/types.ts';

export const deployments: ResourceDefinition<V1Deployment> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  namespaced: true,
  type: 'V1Deployment',
};
