import type {
  FlowcontrolV1Subject,
  V1FlowSchema,
  V1FlowSchemaSpec,
  V1PolicyRulesWithSubjects,
  V1PriorityLevelConfiguration,
  V1PriorityLevelConfigurationSpec,
  V1ResourcePolicyRule,
} from '../../gen/types.ts';

/*
 * The levels and schemas that every cluster has, as Kubernetes v1.36 makes them. Two of each are mandatory: they may not
 * be given another meaning.
 */

const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' };
const queueLengthLimit = 50;

function queued(nominalConcurrencyShares: number, lendablePercent: number, [queues, handSize]: readonly number[]) {
  const queuing = { queues, handSize, queueLengthLimit };
  const limitResponse = { type: 'Queue', queuing };
  return { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } };
}

const levels: Readonly<Record<string, V1PriorityLevelConfigurationSpec>> = {
  'catch-all': {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
  },
  exempt: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  'global-default': queued(20, 50, [128, 6]),
  'leader-election': queued(10, 0, [16, 4]),
  'node-high': queued(40, 25, [64, 6]),
  system: queued(30, 33, [64, 6]),
  'workload-high': queued(40, 50, [128, 6]),
  'workload-low': queued(100, 90, [128, 6]),
};

const user = (name: string): FlowcontrolV1Subject => ({ kind: 'User', user: { name } });
const group = (name: string): FlowcontrolV1Subject => ({ kind: 'Group', group: { name } });
const everybody = [group('system:unauthenticated'), group('system:authenticated')];
const systemAccounts: FlowcontrolV1Subject = {
  kind: 'ServiceAccount',
  serviceAccount: { namespace: 'kube-system', name: '*' },
};
const leases = (verbs: string[]): V1ResourcePolicyRule => ({
  verbs,
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  namespaces: ['*'],
});
const all = ['*'];

function anything(...subjects: FlowcontrolV1Subject[]): V1PolicyRulesWithSubjects[] {
  const resources = { verbs: all, apiGroups: all, resources: all, clusterScope: true, namespaces: all };
  const paths = { verbs: all, nonResourceURLs: all };
  return [{ subjects, resourceRules: [resources], nonResourceRules: [paths] }];
}

type Flow = readonly [level: string, precedence: number, by: string, rules: V1PolicyRulesWithSubjects[]];

const flows: Readonly<Record<string, Flow>> = {
  exempt: ['exempt', 1, '', anything(group('system:masters'))],
  probes: [
    'exempt',
    2,
    '',
    [
      {
        subjects: everybody,
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
      },
    ],
  ],
  'system-leader-election': [
    'leader-election',
    100,
    'ByUser',
    [
      {
        subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler'), systemAccounts],
        resourceRules: [leases(['get', 'create', 'update'])],
      },
    ],
  ],
  'system-node-high': [
    'node-high',
    400,
    'ByUser',
    [
      {
        subjects: [group('system:nodes')],
        resourceRules: [
          {
            verbs: all,
            apiGroups: [''],
            resources: ['nodes', 'nodes/status'],
            clusterScope: true,
            namespaces: all,
          },
          leases(all),
        ],
      },
    ],
  ],
  'system-nodes': ['system', 500, 'ByUser', anything(group('system:nodes'))],
  'kube-controller-manager': ['workload-high', 800, 'ByNamespace', anything(user('system:kube-controller-manager'))],
  'kube-scheduler': ['workload-high', 800, 'ByNamespace', anything(user('system:kube-scheduler'))],
  'kube-system-service-accounts': ['workload-high', 900, 'ByNamespace', anything(systemAccounts)],
  'service-accounts': ['workload-low', 9000, 'ByUser', anything(group('system:serviceaccounts'))],
  'global-default': ['global-default', 9900, 'ByUser', anything(...everybody)],
  'catch-all': ['catch-all', 10_000, 'ByUser', anything(...everybody)],
};

function flowOf([name, matchingPrecedence, type, rules]: Flow): V1FlowSchemaSpec {
  const distinguisherMethod = type === '' ? {} : { distinguisherMethod: { type } };
  return { priorityLevelConfiguration: { name }, matchingPrecedence, ...distinguisherMethod, rules };
}

export const defaultLevels: readonly V1PriorityLevelConfiguration[] = Object.entries(levels).map(([name, spec]) => {
  return { metadata: { name, annotations }, spec };
});

export const defaultFlows: readonly V1FlowSchema[] = Object.entries(flows).map(([name, flow]) => {
  return { metadata: { name, annotations }, spec: flowOf(flow) };
});

const mandatory = new Set(['exempt', 'catch-all']);
const named = <T extends { metadata?: { name?: string } }>(list: readonly T[], name: string | undefined) =>
  mandatory.has(name ?? '') ? list.find(({ metadata }) => metadata?.name === name) : undefined;

/** What the schema of this name must say; undefined where it may say anything. */
export function mandatoryFlow(name: string | undefined): V1FlowSchemaSpec | undefined {
  return named(defaultFlows, name)?.spec;
}

/** What the level of this name must say; undefined where it may say anything. */
export function mandatoryLevel(name: string | undefined): V1PriorityLevelConfigurationSpec | undefined {
  return named(defaultLevels, name)?.spec;
}
