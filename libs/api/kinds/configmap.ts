import type { ResourceDefinition } from '../definition.ts';
import type { V1ConfigMap } from '../gen/types.ts';

export const configmaps: ResourceDefinition<V1ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  namespaced: true,
  type: 'V1ConfigMap',
};
