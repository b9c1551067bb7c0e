import type { ResourceDefinition } from '../definition.ts';
import type { V1Deployment, V1DeploymentSpec, V1DeploymentStatus, V1DeploymentStrategy } from '../gen/types.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { immutable, validations } from '../validation/object.ts';
import { all, below, fields, nonNegative, present, type Rule } from '../validation/rule.ts';
import {
  amountOfPods,
  atMostAll,
  collisionsGrow,
  counters,
  plainAmount,
  selectorAndTemplate,
} from '../validation/workload.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { annotationsChange } from './changes.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { ownStatus } from './strategy.ts';
import { scaleBySelector, templateColumns, workloadWarnings } from './workload.ts';

const REVISIONS_KEPT = 10;
const PROGRESS_SECONDS = 600;

type RollingUpdate = NonNullable<V1DeploymentStrategy['rollingUpdate']>;

/** A rollout must be allowed to have either more pods or fewer. */
const rollingUpdate: Rule<RollingUpdate> = all<RollingUpdate>(
  fields<RollingUpdate>({ maxUnavailable: amountOfPods }),
  fields<RollingUpdate>({ maxSurge: amountOfPods }),
  (update, at) => {
    const none = plainAmount(update.maxUnavailable) === 0 && plainAmount(update.maxSurge) === 0;
    if (none) at.invalid('must not be 0 when maxSurge is 0', 'maxUnavailable');
  },
  fields<RollingUpdate>({ maxUnavailable: atMostAll }),
);

const STRATEGIES = ['Recreate', 'RollingUpdate'];

const strategy: Rule<V1DeploymentStrategy> = (value, at, context) => {
  if (!STRATEGIES.includes(value.type ?? '')) return at.notSupported(STRATEGIES);
  if (value.type === 'Recreate') {
    if (value.rollingUpdate) at.forbidden('goes with RollingUpdate only', 'rollingUpdate');
  } else if (!value.rollingUpdate) at.required('', 'rollingUpdate');
  else below(at, 'rollingUpdate', value.rollingUpdate, rollingUpdate, context);
};

const deadline: Rule<V1DeploymentSpec> = (spec, at) => {
  const seconds = spec.progressDeadlineSeconds;
  if (seconds === undefined) return;
  if (seconds < 0) at.invalid('must not be negative', 'progressDeadlineSeconds');
  if (seconds <= (spec.minReadySeconds ?? 0))
    at.invalid('must be greater than minReadySeconds', 'progressDeadlineSeconds');
};

const deploymentSpec: Rule<V1DeploymentSpec> = all<V1DeploymentSpec>(
  fields<V1DeploymentSpec>({ replicas: nonNegative }),
  selectorAndTemplate,
  fields<V1DeploymentSpec>({
    strategy: present(strategy),
    minReadySeconds: nonNegative,
    revisionHistoryLimit: nonNegative,
  }),
  deadline,
);

const status = counters<V1DeploymentStatus>(
  [
    ...(['observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas'] as const),
    ...(['availableReplicas', 'unavailableReplicas', 'terminatingReplicas', 'collisionCount'] as const),
  ],
  [
    ['updatedReplicas', 'replicas'],
    ['readyReplicas', 'replicas'],
    ['availableReplicas', 'replicas'],
    ['availableReplicas', 'readyReplicas'],
  ],
);

function setDefaults(deployment: V1Deployment): void {
  const spec = deployment.spec;
  if (!spec) return;
  spec.replicas ??= 1;
  spec.strategy ??= {};
  const update = spec.strategy;
  update.type ||= 'RollingUpdate';
  if (update.type === 'RollingUpdate') {
    update.rollingUpdate ??= {};
    update.rollingUpdate.maxUnavailable ??= '25%';
    update.rollingUpdate.maxSurge ??= '25%';
  }
  spec.revisionHistoryLimit ??= REVISIONS_KEPT;
  spec.progressDeadlineSeconds ??= PROGRESS_SECONDS;
  defaultPodTemplate(spec.template);
}

const statusOfItsOwn = ownStatus<V1Deployment>('V1DeploymentStatus');

export const deployments: ResourceDefinition<V1Deployment> = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  singular: 'deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  namespaced: true,
  type: 'V1Deployment',
  hasGeneration: true,
  countsAsChange: annotationsChange,
  scale: scaleBySelector,
  ...statusOfItsOwn,
  prepareForStatusUpdate(draft, previous) {
    statusOfItsOwn.prepareForStatusUpdate?.(draft, previous);
    draft.metadata!.labels = previous.metadata?.labels;
  },
  setDefaults,
  ...validations<V1Deployment>({
    metadata: namespacedMetadata,
    object: fields<V1Deployment>({ spec: present(deploymentSpec) }),
    after: immutable<V1Deployment>('spec.selector'),
    status(deployment, previous, at) {
      status(deployment.status, at);
      collisionsGrow(deployment.status?.collisionCount, previous.status?.collisionCount, at);
    },
  }),
  warnings: workloadWarnings,
  columns: [
    nameColumn,
    text(
      'Ready',
      'Pods that are ready, of those wanted.',
      (d) => `${d.status?.readyReplicas ?? 0}/${d.spec?.replicas ?? 0}`,
    ),
    text('Up-to-date', 'Pods of the latest template.', (d) => d.status?.updatedReplicas ?? 0),
    text('Available', 'Pods that have been ready for long enough.', (d) => d.status?.availableReplicas ?? 0),
    ageColumn,
    ...templateColumns<V1Deployment>(),
  ],
};
