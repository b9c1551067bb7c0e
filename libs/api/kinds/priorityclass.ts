import type { ResourceDefinition } from '../definition.ts';
import type { V1PriorityClass } from '../gen/types.ts';

export const priorityclasses: ResourceDefinition<V1PriorityClass> = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  singular: 'priorityclass',
  namespaced: false,
  type: 'V1PriorityClass',
};
