import type { ResourceDefinition } from '../definition.ts';
import type { V1Secret } from '../gen/types.ts';

export const secrets: ResourceDefinition<V1Secret> = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  singular: 'secret',
  namespaced: true,
  type: 'V1Secret',
};
