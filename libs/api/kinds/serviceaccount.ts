import type { ResourceDefinition } from '../definition.ts';
import type { V1ServiceAccount } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { ageColumn, nameColumn } from './cells.ts';

const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets';

export const serviceaccounts: ResourceDefinition<V1ServiceAccount> = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  singular: 'serviceaccount',
  shortNames: ['sa'],
  namespaced: true,
  type: 'V1ServiceAccount',
  subresources: [
    { name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  ],
  ...validations<V1ServiceAccount>({ metadata: namespacedMetadata, metadataAgain: true }),
  warnings(account, previous) {
    const used = (object: V1ServiceAccount | undefined) => !!object?.metadata?.annotations?.[ENFORCE_SECRETS];
    return used(account) && !used(previous) ? [`metadata.annotations[${ENFORCE_SECRETS}]: is deprecated`] : [];
  },
  columns: [nameColumn, ageColumn],
};
