import type { ResourceDefinition } from '../definition.ts';
import type { V1CSINode, V1CSINodeDriver } from '../gen/types.ts';
import { csiDriverName } from '../validation/csi.ts';
import { sameValue } from '../validation/equality.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { qualifiedName } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { all, each, fields, present, type Rule, unique } from '../validation/rule.ts';
import { ageColumn, integer, nameColumn } from './cells.ts';

const NODE_ID_LENGTH_MAX = 256;

const nodeDriver: Rule<V1CSINodeDriver> = (driver, at, context) => {
  fields<V1CSINodeDriver>({ name: csiDriverName })(driver, at, context);
  if (!driver.nodeID) at.required('', 'nodeID');
  else if (driver.nodeID.length > NODE_ID_LENGTH_MAX) at.invalid('is too long', 'nodeID');
  if ((driver.allocatable?.count ?? 0) < 0) at.invalid('must not be negative', 'allocatable', 'count');
  driver.topologyKeys?.forEach((key, i, keys) => {
    if (key === '') at.required();
    if (keys.indexOf(key) < i) at.duplicate(key);
    for (const complaint of qualifiedName(key)) at.invalid(complaint);
  });
};

export const csinodes: ResourceDefinition<V1CSINode> = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  updateNeedsVersion: true,
  singular: 'csinode',
  namespaced: false,
  type: 'V1CSINode',
  ...validations<V1CSINode>({
    metadata: clusterMetadata,
    object: fields<V1CSINode>({
      spec: present(
        fields({
          drivers: all<readonly V1CSINodeDriver[]>(
            each(nodeDriver),
            unique((d) => d.name, 'name'),
          ),
        }),
      ),
    }),
    after(node, previous, at) {
      for (const old of previous.spec.drivers ?? []) {
        const now = node.spec.drivers?.find((driver) => driver.name === old.name);
        const strip = (driver: V1CSINodeDriver) => ({ ...driver, allocatable: undefined });
        if (now && !sameValue(strip(now), strip(old))) at.invalid('field is immutable', 'spec', 'drivers');
      }
    },
    metadataAgain: true,
  }),
  columns: [
    nameColumn,
    integer('Drivers', 'Drivers on the node.', (node) => node.spec.drivers?.length ?? 0),
    ageColumn,
  ],
};
