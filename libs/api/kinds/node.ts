import type { ResourceDefinition } from '../definition.ts';
import type { V1Node } from '../gen/types.ts';

export const nodes: ResourceDefinition<V1Node> = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  singular: 'node',
  namespaced: false,
  type: 'V1Node',
};
