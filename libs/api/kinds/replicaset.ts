import type { ResourceDefinition } from '../definition.ts';
import type { V1ReplicaSet, V1ReplicaSetSpec, V1ReplicaSetStatus } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { immutable, validations } from '../validation/object.ts';
import { all, fields, nonNegative, present, type Rule } from '../validation/rule.ts';
import { counters, selectorAndTemplate } from '../validation/workload.ts';
import { ageColumn, integer, nameColumn } from './cells.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { ownStatus } from './strategy.ts';
import { scaleBySelector, templateColumns, workloadWarnings } from './workload.ts';

const replicaSetSpec: Rule<V1ReplicaSetSpec> = all<V1ReplicaSetSpec>(
  fields<V1ReplicaSetSpec>({ replicas: nonNegative, minReadySeconds: nonNegative }),
  selectorAndTemplate,
);

const status = counters<V1ReplicaSetStatus>(
  [
    ...(['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const),
    ...(['observedGeneration', 'terminatingReplicas'] as const),
  ],
  [
    ['fullyLabeledReplicas', 'replicas'],
    ['readyReplicas', 'replicas'],
    ['availableReplicas', 'replicas'],
    ['availableReplicas', 'readyReplicas'],
  ],
);

export const replicasets: ResourceDefinition<V1ReplicaSet> = {
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  singular: 'replicaset',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  type: 'V1ReplicaSet',
  hasGeneration: true,
  scale: scaleBySelector,
  ...ownStatus<V1ReplicaSet>('V1ReplicaSetStatus'),
  setDefaults(draft) {
    if (!draft.spec) return;
    draft.spec.replicas ??= 1;
    defaultPodTemplate(draft.spec.template);
  },
  ...validations<V1ReplicaSet>({
    metadata: namespacedMetadata,
    object: fields<V1ReplicaSet>({ spec: present(replicaSetSpec) }),
    after: immutable<V1ReplicaSet>('spec.selector'),
    status: (set, _previous, at) => status(set.status, at),
  }),
  warnings: workloadWarnings,
  columns: [
    nameColumn,
    integer('Desired', 'Pods wanted.', (set) => set.spec?.replicas ?? 0),
    integer('Current', 'Pods there are.', (set) => set.status?.replicas ?? 0),
    integer('Ready', 'Pods that are ready.', (set) => set.status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns<V1ReplicaSet>(),
  ],
};
