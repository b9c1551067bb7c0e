import type { ResourceDefinition } from '../definition.ts';
import type { V1Endpoints } from '../gen/types.ts';

export const endpoints: ResourceDefinition<V1Endpoints> = {
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  namespaced: true,
  type: 'V1Endpoints',
};
