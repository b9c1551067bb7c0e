import type { ResourceDefinition } from '../definition.ts';
import type { V1FlowSchema, V1PriorityLevelConfiguration, V1PriorityLevelConfigurationSpec } from '../gen/types.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { flowSpec } from './flowcontrol/flows.ts';
import { levelSpec } from './flowcontrol/levels.ts';
import { ownStatus } from './strategy.ts';

const GROUP = { group: 'flowcontrol.apiserver.k8s.io', version: 'v1', namespaced: false, hasGeneration: true } as const;
const PRECEDENCE = 1000;
const SHARES = 30;
const QUEUING = { handSize: 8, queues: 64, queueLengthLimit: 50 } as const;

export const flowschemas: ResourceDefinition<V1FlowSchema> = {
  ...GROUP,
  kind: 'FlowSchema',
  plural: 'flowschemas',
  singular: 'flowschema',
  type: 'V1FlowSchema',
  ...ownStatus<V1FlowSchema>('V1FlowSchemaStatus'),
  setDefaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= PRECEDENCE;
  },
  ...validations<V1FlowSchema>({
    metadata: clusterMetadata,
    object: flowSpec,
    metadataAgain: true,
    status: () => {},
  }),
  columns: [
    nameColumn,
    column('PriorityLevel', 'Level of its requests.', ({ spec }) => spec?.priorityLevelConfiguration.name ?? '<none>'),
    column('MatchingPrecedence', 'Which schema is asked first.', ({ spec }) => spec?.matchingPrecedence ?? 0),
    column(
      'DistinguisherMethod',
      'How flows are told apart.',
      ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn,
    column(
      'MissingPL',
      'Whether its level is missing.',
      ({ status }) => status?.conditions?.find((condition) => condition.type === 'Dangling')?.status ?? '?',
    ),
  ],
};

function setLevelDefaults({ spec }: V1PriorityLevelConfiguration): void {
  if (spec?.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0;
    spec.exempt.lendablePercent ??= 0;
  }
  if (spec?.limited) {
    spec.limited.nominalConcurrencyShares ??= SHARES;
    spec.limited.lendablePercent ??= 0;
    const queuing = spec.limited.limitResponse?.queuing;
    if (queuing) for (const [name, value] of Object.entries(QUEUING)) queuing[name as keyof typeof QUEUING] ||= value;
  }
}

function limitedCell(
  read: (spec: V1PriorityLevelConfigurationSpec) => unknown,
): (level: V1PriorityLevelConfiguration) => unknown {
  return ({ spec }) => (spec && read(spec)) ?? '<none>';
}

export const prioritylevelconfigurations: ResourceDefinition<V1PriorityLevelConfiguration> = {
  ...GROUP,
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  singular: 'prioritylevelconfiguration',
  type: 'V1PriorityLevelConfiguration',
  ...ownStatus<V1PriorityLevelConfiguration>('V1PriorityLevelConfigurationStatus'),
  setDefaults: setLevelDefaults,
  ...validations<V1PriorityLevelConfiguration>({
    metadata: clusterMetadata,
    object: levelSpec,
    metadataAgain: true,
    status: () => {},
  }),
  columns: [
    nameColumn,
    column(
      'Type',
      'Whether it is limited.',
      limitedCell((spec) => spec.type),
    ),
    column(
      'NominalConcurrencyShares',
      'Its share.',
      limitedCell((s) => s.limited?.nominalConcurrencyShares),
    ),
    column(
      'Queues',
      'Number of queues.',
      limitedCell((spec) => spec.limited?.limitResponse?.queuing?.queues),
    ),
    column(
      'HandSize',
      'Queues of one flow.',
      limitedCell((spec) => spec.limited?.limitResponse?.queuing?.handSize),
    ),
    column(
      'QueueLengthLimit',
      'Longest queue.',
      limitedCell((s) => s.limited?.limitResponse?.queuing?.queueLengthLimit),
    ),
    ageColumn,
  ],
};
