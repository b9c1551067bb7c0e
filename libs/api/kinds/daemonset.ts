import type { ResourceDefinition } from '../definition.ts';
import type { V1DaemonSet, V1DaemonSetSpec, V1DaemonSetStatus, V1DaemonSetUpdateStrategy } from '../gen/types.ts';
import { sameValue } from '../validation/equality.ts';
import { isEmptySelector, labelSelector } from '../validation/labels.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { immutable, validations } from '../validation/object.ts';
import { podTemplate } from '../validation/pod/template.ts';
import { all, below, fields, nonNegative, present, type Rule } from '../validation/rule.ts';
import {
  alwaysRunning,
  amountOfPods,
  atMostAll,
  collisionsGrow,
  counters,
  isSoundSelector,
  plainAmount,
  templateIsSelected,
} from '../validation/workload.ts';
import { ageColumn, formatLabels, integer, nameColumn, text } from './cells.ts';
import { defaultPodTemplate } from './pod/defaults.ts';
import { ownStatus } from './strategy.ts';
import { templateColumns, templateWarnings } from './workload.ts';

const REVISIONS_KEPT = 10;

type RollingUpdate = NonNullable<V1DaemonSetUpdateStrategy['rollingUpdate']>;

/** A node has either no pod for a while or two, never both. */
const rollingUpdate: Rule<RollingUpdate> = all<RollingUpdate>(
  fields<RollingUpdate>({ maxUnavailable: amountOfPods }),
  fields<RollingUpdate>({ maxSurge: amountOfPods }),
  fields<RollingUpdate>({ maxUnavailable: atMostAll }),
  fields<RollingUpdate>({ maxSurge: atMostAll }),
  (update, at) => {
    const unavailable = plainAmount(update.maxUnavailable) !== 0;
    const surge = plainAmount(update.maxSurge) !== 0;
    if (unavailable && surge) at.invalid('excludes maxUnavailable', 'maxSurge');
    if (!unavailable && !surge) at.required('cannot be 0 when maxSurge is 0', 'maxUnavailable');
  },
);

const STRATEGIES = ['RollingUpdate', 'OnDelete'];

const updateStrategy: Rule<V1DaemonSetUpdateStrategy> = (strategy, at, context) => {
  if (!STRATEGIES.includes(strategy.type ?? '')) return at.notSupported(STRATEGIES);
  if (strategy.type === 'OnDelete') return;
  if (!strategy.rollingUpdate) at.required('', 'rollingUpdate');
  else below(at, 'rollingUpdate', strategy.rollingUpdate, rollingUpdate, context);
};

const selection: Rule<V1DaemonSetSpec> = (spec, at, context) => {
  below(at, 'selector', spec.selector, labelSelector, context);
  if (isSoundSelector(spec.selector)) templateIsSelected(spec.template, spec.selector, at);
  if (spec.selector && isEmptySelector(spec.selector)) at.invalid('selects everything', 'selector');
};

const daemonSetSpec: Rule<V1DaemonSetSpec> = all<V1DaemonSetSpec>(
  selection,
  fields<V1DaemonSetSpec>({ template: podTemplate() }),
  (spec, at) => alwaysRunning(spec.template, at),
  fields<V1DaemonSetSpec>({
    minReadySeconds: nonNegative,
    updateStrategy: present(updateStrategy),
    revisionHistoryLimit: nonNegative,
  }),
);

const status = counters<V1DaemonSetStatus>([
  ...(['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'] as const),
  ...(['observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'] as const),
  'collisionCount',
]);

/** The old way of telling templates apart is still shown, as an annotation. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function setDefaults(set: V1DaemonSet): void {
  if (set.metadata?.annotations?.[TEMPLATE_GENERATION] === undefined) {
    set.metadata = { ...set.metadata, annotations: { ...set.metadata?.annotations, [TEMPLATE_GENERATION]: '0' } };
  }
  const spec = set.spec;
  if (!spec) return;
  spec.updateStrategy ??= {};
  const strategy = spec.updateStrategy;
  strategy.type ||= 'RollingUpdate';
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {};
    strategy.rollingUpdate.maxUnavailable ??= 1;
    strategy.rollingUpdate.maxSurge ??= 0;
  }
  spec.revisionHistoryLimit ??= REVISIONS_KEPT;
  defaultPodTemplate(spec.template);
}

const own = ownStatus<V1DaemonSet>('V1DaemonSetStatus');

export const daemonsets: ResourceDefinition<V1DaemonSet> = {
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  singular: 'daemonset',
  shortNames: ['ds'],
  categories: ['all'],
  namespaced: true,
  type: 'V1DaemonSet',
  hasGeneration: true,
  ...own,
  setDefaults,
  prepareForCreate(draft) {
    own.prepareForCreate!(draft);
    draft.metadata ??= {};
    const meta = draft.metadata;
    meta.annotations = { ...meta.annotations, [TEMPLATE_GENERATION]: '1' };
  },
  prepareForUpdate(draft, previous) {
    own.prepareForUpdate!(draft, previous);
    const before = Number(previous.metadata?.annotations?.[TEMPLATE_GENERATION] ?? 1);
    const same = sameValue(draft.spec?.template, previous.spec?.template);
    draft.metadata ??= {};
    const meta = draft.metadata;
    meta.annotations = { ...meta.annotations, [TEMPLATE_GENERATION]: String(same ? before : before + 1) };
  },
  ...validations<V1DaemonSet>({
    metadata: namespacedMetadata,
    object: fields<V1DaemonSet>({ spec: present(daemonSetSpec) }),
    before: immutable<V1DaemonSet>('spec.selector'),
    status(set, previous, at) {
      status(set.status, at);
      collisionsGrow(set.status?.collisionCount, previous.status?.collisionCount, at);
    },
  }),
  warnings: (set, previous) =>
    previous && sameValue(set.spec?.template, previous.spec?.template) ? [] : templateWarnings(set),
  metadataAlone({ annotations: { [TEMPLATE_GENERATION]: _generation, ...others } = {}, ...metadata }) {
    return Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others };
  },
  columns: [
    nameColumn,
    integer('Desired', 'Nodes that should run its pod.', (set) => set.status?.desiredNumberScheduled ?? 0),
    integer('Current', 'Nodes that run it.', (set) => set.status?.currentNumberScheduled ?? 0),
    integer('Ready', 'Nodes where it is ready.', (set) => set.status?.numberReady ?? 0),
    integer('Up-to-date', 'Nodes with the latest template.', (set) => set.status?.updatedNumberScheduled ?? 0),
    integer('Available', 'Nodes where it has been ready for long enough.', (set) => set.status?.numberAvailable ?? 0),
    text('Node Selector', 'Labels of those nodes.', (set) => formatLabels(set.spec?.template?.spec?.nodeSelector)),
    ageColumn,
    ...templateColumns<V1DaemonSet>(),
  ],
};
