import type { ResourceDefinition } from '../definition.ts';
import type { V1PodTemplateSpec, V1StatefulSet, V1StatefulSetSpec, V1StatefulSetStatus } from '../gen/types.ts';
import { claimSpec } from '../validation/claim.ts';
import { labels } from '../validation/labels.ts';
import { annotations, metadata } from '../validation/metadata.ts';
import { dnsLabel } from '../validation/names.ts';
import { onlyChanges, validations } from '../validation/object.ts';
import { podTemplate } from '../validation/pod/template.ts';
import { all, below, each, fields, filled, nonNegative, oneOf, present, type Rule, text } from '../validation/rule.ts';
import {
  alwaysRunning,
  amountOfPods,
  atMostAll,
  collisionsGrow,
  counters,
  isSoundSelector,
  plainAmount,
  templateIsSelected,
  workloadSelector,
} from '../validation/workload.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { emptyOf, ownStatus } from './strategy.ts';
import { asksAnew, scaleBySelector, templateColumns, templateWarnings } from './workload.ts';

const REVISIONS_KEPT = 10;

type UpdateStrategy = NonNullable<V1StatefulSetSpec['updateStrategy']>;
type RollingUpdate = NonNullable<UpdateStrategy['rollingUpdate']>;

const rollingUpdate: Rule<RollingUpdate> = fields<RollingUpdate>({
  partition: nonNegative,
  maxUnavailable: (amount, at, context) => {
    amountOfPods(amount, at, context);
    if (plainAmount(amount) === 0) at.invalid('cannot be 0');
    atMostAll(amount, at, context);
  },
});

/** Complaints about the type stand at the strategy. */
const updateStrategy: Rule<UpdateStrategy> = (strategy, at, context) => {
  if (!strategy.type) at.required();
  else if (strategy.type === 'OnDelete') {
    if (strategy.rollingUpdate) at.invalid('goes with RollingUpdate only', 'rollingUpdate');
  } else if (strategy.type === 'RollingUpdate')
    below(at, 'rollingUpdate', strategy.rollingUpdate, rollingUpdate, context);
  else at.invalid('must be RollingUpdate or OnDelete');
};

const podManagementPolicy: Rule<string> = (policy, at) => {
  if (policy !== 'OrderedReady' && policy !== 'Parallel') at.invalid('must be OrderedReady or Parallel');
};

const retention = oneOf(['Retain', 'Delete']);
const template = podTemplate();

/** Pods of the set get their host names and the volumes of their claims later. */
function templateAsRun(spec: V1StatefulSetSpec): V1PodTemplateSpec {
  const claims = (spec.volumeClaimTemplates ?? []).map((claim) => claim.metadata?.name ?? '');
  const own = (spec.template?.spec?.volumes ?? []).filter((volume) => !claims.includes(volume.name));
  const made = claims.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const { hostname: _hostname, subdomain: _subdomain, ...rest } = spec.template?.spec ?? { containers: [] };
  return { ...spec.template, spec: { ...rest, volumes: [...made, ...own] } };
}

const selection: Rule<V1StatefulSetSpec> = (spec, at, context) => {
  workloadSelector(spec.selector, at);
  if (!isSoundSelector(spec.selector)) at.invalid('cannot be evaluated', 'selector');
  else {
    templateIsSelected(spec.template, spec.selector, at);
    below(at, 'template', templateAsRun(spec), template, context);
    metadataTwice(spec, at);
  }
  alwaysRunning(spec.template, at);
};

/** Labels and annotations of the template are looked at twice, and complained about twice. */
function metadataTwice(spec: V1StatefulSetSpec, at: Parameters<typeof workloadSelector>[1]): void {
  at.enter('template');
  below(at, 'labels', spec.template?.metadata?.labels, labels, undefined);
  below(at, 'annotations', spec.template?.metadata?.annotations, annotations, undefined);
  at.leave();
}

const ordinals: Rule<{ start?: number }> = (value, at) => {
  if ((value.start ?? 0) < 0) at.above(1, () => at.invalid('must not be negative', 'ordinals.start'));
};

const common = fields<V1StatefulSetSpec>({
  podManagementPolicy: present(podManagementPolicy),
  updateStrategy: present(updateStrategy),
  persistentVolumeClaimRetentionPolicy: fields<{ whenDeleted?: string; whenScaled?: string }>({
    whenDeleted: retention,
    whenScaled: retention,
  }),
});

const counts = fields<V1StatefulSetSpec>({ replicas: nonNegative, minReadySeconds: nonNegative, ordinals });

const newSpec: Rule<V1StatefulSetSpec> = all<V1StatefulSetSpec>(
  common,
  fields<V1StatefulSetSpec>({ volumeClaimTemplates: each(fields<{ spec?: object }>({ spec: claimSpec })) }),
  counts,
  fields<V1StatefulSetSpec>({ serviceName: filled(text(dnsLabel)) }),
  selection,
);

/** What cannot change is not looked at again. */
const changedSpec: Rule<V1StatefulSetSpec> = all<V1StatefulSetSpec>(common, counts, selection);

const CHANGEABLE = [
  ...['replicas', 'template', 'updateStrategy', 'minReadySeconds', 'ordinals', 'revisionHistoryLimit'],
  'persistentVolumeClaimRetentionPolicy',
];

const status = counters<V1StatefulSetStatus>(
  [
    ...(['replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const),
    ...(['observedGeneration', 'collisionCount'] as const),
  ],
  [
    ['readyReplicas', 'replicas'],
    ['currentReplicas', 'replicas'],
    ['updatedReplicas', 'replicas'],
    ['availableReplicas', 'replicas'],
    ['availableReplicas', 'readyReplicas'],
  ],
);

function setDefaults(set: V1StatefulSet): void {
  const spec = set.spec;
  if (!spec) return;
  spec.podManagementPolicy ||= 'OrderedReady';
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = 'RollingUpdate';
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate) strategy.rollingUpdate.partition ??= 0;
  spec.persistentVolumeClaimRetentionPolicy ??= {};
  const policy = spec.persistentVolumeClaimRetentionPolicy;
  policy.whenDeleted ||= 'Retain';
  policy.whenScaled ||= 'Retain';
  spec.replicas ??= 1;
  spec.revisionHistoryLimit ??= REVISIONS_KEPT;
  defaultPodTemplate(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.kind ||= 'PersistentVolumeClaim';
    claim.apiVersion ||= 'v1';
    claim.status ??= {};
    claim.status.phase ||= 'Pending';
    claim.spec ??= {};
    claim.spec.volumeMode ??= 'Filesystem';
  }
}

const own = ownStatus<V1StatefulSet>('V1StatefulSetStatus');

export const statefulsets: ResourceDefinition<V1StatefulSet> = {
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  singular: 'statefulset',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  type: 'V1StatefulSet',
  hasGeneration: true,
  scale: scaleBySelector,
  ...own,
  setDefaults,
  prepareForCreate(draft) {
    draft.status = { ...emptyOf('V1StatefulSetStatus'), replicas: 0, availableReplicas: 0 };
  },
  ...validations<V1StatefulSet>({
    metadata: metadata({ name: dnsLabel, namespaced: true }),
    created: fields<V1StatefulSet>({ spec: present(newSpec) }),
    after(set, previous, at) {
      below(at, 'spec', set.spec, changedSpec, undefined);
      onlyChanges<V1StatefulSet>(CHANGEABLE, `only ${CHANGEABLE.join(', ')} may change`)(set, previous, at);
    },
    status(set, previous, at) {
      status(set.status, at);
      collisionsGrow(set.status?.collisionCount, previous.status?.collisionCount, at);
    },
  }),
  warnings(set, previous) {
    const kept = (set.spec?.revisionHistoryLimit ?? 0) < 0;
    return [
      ...(asksAnew(set, previous) ? templateWarnings(set) : []),
      ...(kept ? ['spec.revisionHistoryLimit: a negative value keeps all revisions'] : []),
    ];
  },
  columns: [
    nameColumn,
    column(
      'Ready',
      'Pods that are ready, of those wanted.',
      (s) => `${s.status?.readyReplicas ?? 0}/${s.spec?.replicas ?? 0}`,
    ),
    ageColumn,
    ...templateColumns<V1StatefulSet>().slice(0, 2),
  ],
};
