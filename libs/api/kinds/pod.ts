import type { ResourceDefinition } from '../definition.ts';
import type { V1Pod } from '../gen/types.ts';

export const pods: ResourceDefinition<V1Pod> = {
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  singular: 'pod',
  namespaced: true,
  type: 'V1Pod',
};
