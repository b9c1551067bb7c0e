import type { ResourceDefinition } from '../definition.ts';
import type { V1ConfigMap } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { configKey } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { keyed } from '../validation/report.ts';
import type { Rule } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { frozenFields } from './frozen.ts';

const BYTES_MAX = 1024 * 1024;

const keys: Rule<V1ConfigMap> = ({ data = {}, binaryData = {} }, at) => {
  let bytes = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const complaint of configKey(key)) at.invalid(complaint, 'data', keyed(key));
    if (key in binaryData) at.invalid('stands in binaryData as well', 'data', keyed(key));
    bytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(binaryData)) {
    for (const complaint of configKey(key)) at.invalid(complaint, 'binaryData', keyed(key));
    bytes += Buffer.byteLength(value ?? '', 'base64');
  }
  if (bytes > BYTES_MAX) at.tooLong(BYTES_MAX, '');
};

function size(map: V1ConfigMap): number {
  return Object.keys(map.data ?? {}).length + Object.keys(map.binaryData ?? {}).length;
}

export const configmaps: ResourceDefinition<V1ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  type: 'V1ConfigMap',
  ...validations<V1ConfigMap>({
    metadata: namespacedMetadata,
    object: keys,
    before: frozenFields('data', 'binaryData'),
    metadataAgain: true,
  }),
  columns: [nameColumn, text('Data', 'Number of keys.', size), ageColumn],
};
