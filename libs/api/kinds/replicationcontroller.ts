import type { ResourceDefinition } from '../definition.ts';
import type {
  V1ReplicationController,
  V1ReplicationControllerSpec,
  V1ReplicationControllerStatus,
} from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { podTemplate } from '../validation/pod/template.ts';
import { all, fields, isEmpty, nonNegative, present, type Rule, required } from '../validation/rule.ts';
import { alwaysRunning, counters } from '../validation/workload.ts';
import { ageColumn, containerImages, containerNames, formatLabels, integer, nameColumn, text, wide } from './cells.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { ownStatus } from './strategy.ts';
import { nameWarnings, templateWarnings } from './workload.ts';

const selected: Rule<V1ReplicationControllerSpec> = ({ template, selector = {} }, at) => {
  if (!template) return at.required('', 'template');
  const labels = template.metadata?.labels ?? {};
  const found = Object.entries(selector).every(([key, value]) => labels[key] === value);
  if (!found) at.invalid('is not selected by the selector', 'template', 'metadata', 'labels');
};

const spec: Rule<V1ReplicationControllerSpec> = all<V1ReplicationControllerSpec>(
  fields<V1ReplicationControllerSpec>({
    minReadySeconds: nonNegative,
    selector: required(),
    replicas: present(nonNegative),
  }),
  selected,
  fields<V1ReplicationControllerSpec>({ template: podTemplate() }),
  (value, at) => {
    if (value.template) alwaysRunning(value.template, at);
  },
);

const status = counters<V1ReplicationControllerStatus>(
  ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'],
  [
    ['fullyLabeledReplicas', 'replicas'],
    ['readyReplicas', 'replicas'],
    ['availableReplicas', 'replicas'],
    ['availableReplicas', 'readyReplicas'],
  ],
);

export const replicationcontrollers: ResourceDefinition<V1ReplicationController> = {
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  type: 'V1ReplicationController',
  hasGeneration: true,
  scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', selectorPath: '.spec.selector' },
  ...ownStatus<V1ReplicationController>('V1ReplicationControllerStatus'),
  setDefaults(draft) {
    if (!draft.spec) return;
    draft.spec.replicas ??= 1;
    const labels = draft.spec.template?.metadata?.labels;
    if (labels && isEmpty(draft.spec.selector)) draft.spec.selector = { ...labels };
    draft.metadata ??= {};
    const meta = draft.metadata;
    if (labels && isEmpty(meta.labels)) meta.labels = { ...labels };
    defaultPodTemplate(draft.spec.template);
  },
  ...validations<V1ReplicationController>({
    metadata: namespacedMetadata,
    object: fields<V1ReplicationController>({ spec: present(spec) }),
    status: (controller, _previous, at) => status(controller.status, at),
  }),
  warnings: (controller, previous) =>
    previous
      ? []
      : [...nameWarnings(controller), ...templateWarnings({ spec: { template: controller.spec?.template } })],
  columns: [
    nameColumn,
    integer('Desired', 'Pods wanted.', (controller) => controller.spec?.replicas ?? 0),
    integer('Current', 'Pods there are.', (controller) => controller.status?.replicas ?? 0),
    integer('Ready', 'Pods that are ready.', (controller) => controller.status?.readyReplicas ?? 0),
    ageColumn,
    wide(text('Containers', 'Names of the containers.', (c) => containerNames(c.spec?.template?.spec?.containers))),
    wide(text('Images', 'Images of the containers.', (c) => containerImages(c.spec?.template?.spec?.containers))),
    wide(text('Selector', 'Labels of its pods.', (c) => formatLabels(c.spec?.selector))),
  ],
  selectableFields: { 'status.replicas': (controller) => String(controller.status?.replicas ?? 0) },
};
