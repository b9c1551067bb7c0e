import type { ResourceDefinition } from '../definition.ts';
import type { V1VolumeAttributesClass } from '../gen/types.ts';
import { provisioner, storageParameters } from '../validation/csi.ts';
import { sameValue } from '../validation/equality.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { fields, required } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';

export const volumeattributesclasses: ResourceDefinition<V1VolumeAttributesClass> = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  singular: 'volumeattributesclass',
  shortNames: ['vac'],
  namespaced: false,
  type: 'V1VolumeAttributesClass',
  ...validations<V1VolumeAttributesClass>({
    metadata: clusterMetadata,
    before(object, previous, at) {
      for (const name of ['driverName', 'parameters'] as const) {
        if (!sameValue(object[name], previous[name])) at.forbidden('field is immutable', name);
      }
    },
    object: fields<V1VolumeAttributesClass>({ driverName: provisioner, parameters: required(storageParameters) }),
    metadataAgain: true,
  }),
  columns: [nameColumn, column('DriverName', 'Whose volumes it is for.', (object) => object.driverName), ageColumn],
};
