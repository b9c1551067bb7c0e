import type { ResourceDefinition } from '../definition.ts';
import type { V1ReplicaSet } from '../gen/types.ts';

export const replicasets: ResourceDefinition<V1ReplicaSet> = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  singular: 'replicaset',
  namespaced: true,
  type: 'V1ReplicaSet',
};
