import type { ResourceDefinition } from '../definition.ts';
import type { V1StorageClass, V1TopologySelectorLabelRequirement, V1TopologySelectorTerm } from '../gen/types.ts';
import { provisioner, storageParameters } from '../validation/csi.ts';
import { sameValue } from '../validation/equality.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { qualifiedName } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { fields, oneOf, present, type Rule } from '../validation/rule.ts';
import { ageColumn, text as column } from './cells.ts';
import { nodeLabelWarnings } from './volume-warnings.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

const topologyLabel: Rule<V1TopologySelectorLabelRequirement> = ({ key, values }, at) => {
  if (!values?.length) at.required('', 'values');
  values?.forEach((value, i) => {
    if (values.indexOf(value) < i) at.duplicate(value, 'values', i);
  });
  for (const complaint of qualifiedName(key ?? '')) at.invalid(complaint, 'key');
};

const topologyLabels: Rule<readonly V1TopologySelectorLabelRequirement[]> = (list, at, context) => {
  list.forEach((item, i) => {
    at.enter(i);
    topologyLabel(item, at, context);
    if (list.findIndex((other) => other.key === item.key) < i) at.duplicate(item.key, 'key');
    at.leave();
  });
};

/** A term that stands twice says nothing, and neither does an empty one. Terms are compared by what they select. */
const topologies: Rule<readonly V1TopologySelectorTerm[]> = (terms, at, context) => {
  const meaning = (term: V1TopologySelectorTerm) =>
    Object.fromEntries((term.matchLabelExpressions ?? []).map((e) => [e.key, [...(e.values ?? [])].sort()]));
  terms.forEach((term, i) => {
    at.enter(i);
    fields<V1TopologySelectorTerm>({ matchLabelExpressions: topologyLabels })(term, at, context);
    const empty = Object.keys(meaning(term)).length === 0;
    const again = terms.slice(0, i).filter((other) => sameValue(meaning(other), meaning(term))).length;
    for (let n = again + (empty ? terms.length : 0); n > 0; n--) at.duplicate('', 'matchLabelExpressions');
    at.leave();
  });
};

function classNameCell(object: V1StorageClass): string {
  const standard: unknown = object.metadata?.annotations?.[DEFAULT_CLASS];
  return `${object.metadata?.name ?? ''}${standard === 'true' ? ' (default)' : ''}`;
}

export const storageclasses: ResourceDefinition<V1StorageClass> = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  singular: 'storageclass',
  shortNames: ['sc'],
  namespaced: false,
  type: 'V1StorageClass',
  setDefaults(draft) {
    draft.reclaimPolicy ??= 'Delete';
    draft.volumeBindingMode ??= 'Immediate';
  },
  ...validations<V1StorageClass>({
    metadata: clusterMetadata,
    created: fields<V1StorageClass>({
      provisioner,
      parameters: storageParameters,
      reclaimPolicy: (policy: string, at) => {
        if (policy !== '') oneOf(['Delete', 'Retain'])(policy, at, undefined);
      },
      volumeBindingMode: present(oneOf(['Immediate', 'WaitForFirstConsumer'])),
      allowedTopologies: topologies,
    }),
    before: immutable<V1StorageClass>('parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'),
    asNewFirst: true,
  }),
  warnings: ({ allowedTopologies = [] }) =>
    allowedTopologies.flatMap(({ matchLabelExpressions = [] }, i) =>
      matchLabelExpressions.flatMap(({ key }, j) =>
        nodeLabelWarnings(key, `allowedTopologies[${i}].matchLabelExpressions[${j}].key`),
      ),
    ),
  columns: [
    { ...column<V1StorageClass>('Name', 'Name of the class.', classNameCell), format: 'name' },
    column('Provisioner', 'Who makes its volumes.', (object) => object.provisioner),
    column('ReclaimPolicy', 'What becomes of them.', (object) => object.reclaimPolicy ?? 'Delete'),
    column('VolumeBindingMode', 'When they are made.', (object) => object.volumeBindingMode ?? '<unset>'),
    column('AllowVolumeExpansion', 'Whether they can grow.', (object) => object.allowVolumeExpansion ?? false),
    ageColumn,
  ],
};
