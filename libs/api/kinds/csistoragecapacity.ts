import type { ResourceDefinition } from '../definition.ts';
import type { V1CSIStorageCapacity } from '../gen/types.ts';
import { amountOf } from '../validation/amounts.ts';
import { labelSelector } from '../validation/labels.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { alwaysText, fields } from '../validation/rule.ts';

export const csistoragecapacities: ResourceDefinition<V1CSIStorageCapacity> = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  updateNeedsVersion: true,
  singular: 'csistoragecapacity',
  namespaced: true,
  type: 'V1CSIStorageCapacity',
  ...validations<V1CSIStorageCapacity>({
    metadata: namespacedMetadata,
    created: fields<V1CSIStorageCapacity>({
      nodeTopology: labelSelector,
      storageClassName: alwaysText(dnsSubdomain),
      capacity: (capacity: string, at) => {
        if (amountOf(capacity) < 0n) at.invalid('must not be negative');
      },
    }),
    before: immutable<V1CSIStorageCapacity>('nodeTopology', 'storageClassName'),
    asNewFirst: true,
  }),
};
