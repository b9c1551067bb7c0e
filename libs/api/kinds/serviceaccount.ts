import type { ResourceDefinition } from '../definition.ts';
import type { V1ServiceAccount } from '../gen/types.ts';

export const serviceaccounts: ResourceDefinition<V1ServiceAccount> = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  namespaced: true,
  type: 'V1ServiceAccount',
};
