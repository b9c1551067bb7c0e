import type { ResourceDefinition } from '../definition.ts';
import type { V1Namespace } from '../gen/types.ts';

export const namespaces: ResourceDefinition<V1Namespace> = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  singular: 'namespace',
  namespaced: false,
  type: 'V1Namespace',
};
