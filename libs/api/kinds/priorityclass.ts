import type { ResourceDefinition } from '../definition.ts';
import type { V1PriorityClass } from '../gen/types.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { allUpdates, immutable, type UpdateRule, validations } from '../validation/object.ts';
import { oneOf, type Rule } from '../validation/rule.ts';
import { ageColumn, integer, nameColumn, text } from './cells.ts';

/** Values above this one are the system's own. */
const USER_VALUE_MAX = 1_000_000_000;

const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
};

const POLICIES = ['Never', 'PreemptLowerPriority'];

const classRules: Rule<V1PriorityClass> = (priority, at) => {
  const name = priority.metadata?.name ?? '';
  if (name.startsWith('system-')) {
    if (SYSTEM_CLASSES[name] !== priority.value || priority.globalDefault) {
      at.forbidden('names with system- belong to the system', 'metadata', 'name');
    }
  } else if ((priority.value ?? 0) > USER_VALUE_MAX) at.forbidden(`must be at most ${USER_VALUE_MAX}`, 'value');
  const policy = priority.preemptionPolicy;
  if (policy === '') at.required('', 'preemptionPolicy');
  else if (policy !== undefined) {
    at.enter('preemptionPolicy');
    oneOf(POLICIES)(policy, at, undefined);
    at.leave();
  }
};

const valueStays: UpdateRule<V1PriorityClass> = (priority, previous, at) => {
  if (priority.value !== previous.value) at.forbidden('may not be changed', 'value');
};

export const priorityclasses: ResourceDefinition<V1PriorityClass> = {
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  singular: 'priorityclass',
  shortNames: ['pc'],
  namespaced: false,
  type: 'V1PriorityClass',
  setDefaults(draft) {
    draft.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  // Nothing of it can change that would count.
  prepareForCreate(draft) {
    draft.metadata = { ...draft.metadata, generation: 1 };
  },
  ...validations<V1PriorityClass>({
    metadata: clusterMetadata,
    created: classRules,
    before: allUpdates(valueStays, immutable<V1PriorityClass>('preemptionPolicy')),
  }),
  columns: [
    nameColumn,
    integer('Value', 'The priority of pods of this class.', (priority) => priority.value ?? 0),
    {
      name: 'Global-Default',
      type: 'boolean',
      description: 'Whether pods without a class get this one.',
      cell: (priority) => priority.globalDefault ?? false,
    },
    ageColumn,
    text('PreemptionPolicy', 'Whether its pods drive out others.', (priority) => priority.preemptionPolicy ?? ''),
  ],
};
