import type { ResourceDefinition } from '../definition.ts';
import type { V1APIService, V1APIServiceSpec } from '../gen/types.ts';
import { metadata } from '../validation/metadata.ts';
import { dns1035Label, dnsSubdomain, pathSegment } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { portNumber } from '../validation/ports.ts';
import { below, fields, present, type Rule } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { ownStatus } from './strategy.ts';

const PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;
const HTTPS_PORT = 443;
const STATUSES = ['False', 'True', 'Unknown'];

const service: Rule<NonNullable<V1APIServiceSpec['service']>> = (value, at, context) => {
  for (const name of ['namespace', 'name'] as const) if (!value[name]) at.required('', name);
  below(at, 'port', value.port ?? HTTPS_PORT, portNumber, context);
};

const spec: Rule<V1APIServiceSpec> = (value, at, context) => {
  const { group, version = '', groupPriorityMinimum: priority = 0, versionPriority = 0 } = value;
  if (!group && version !== 'v1') at.required('only v1 has a group without a name', 'group');
  if (group) for (const complaint of dnsSubdomain(group)) at.invalid(complaint, 'group');
  for (const complaint of dns1035Label(version)) at.invalid(complaint, 'version');
  if (priority <= 0 || priority > PRIORITY_MAX) at.invalid('must be between 1 and 20000', 'groupPriorityMinimum');
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX)
    at.invalid('must be between 1 and 1000', 'versionPriority');
  below(at, 'service', value.service, service, context);
  if (!value.service && value.caBundle) at.invalid('goes with a service only', 'caBundle');
  if (value.insecureSkipTLSVerify && (!value.service || value.caBundle)) {
    at.invalid('goes with a service only, and excludes caBundle', 'insecureSkipTLSVerify');
  }
};

/** The name says which version of which group the service answers for. */
function rulesOf({ spec: { version = '', group = '' } = {} as V1APIServiceSpec }: V1APIService) {
  const name = (given: string) => {
    const complaints = pathSegment(given);
    return complaints.length > 0 || given === `${version}.${group}` ? complaints : [`must be ${version}.${group}`];
  };
  return validations<V1APIService>({
    metadata: metadata({ name, namespaced: false }),
    object: fields<V1APIService>({ spec: present(spec) }),
    metadataAgain: true,
    status: ({ status }, _previous, at) => {
      status?.conditions?.forEach((condition, i) => {
        if (STATUSES.includes(condition.status)) return;
        at.notSupported(STATUSES, 'status', 'conditions', i, 'status');
      });
    },
  });
}

function availableCell({ status }: V1APIService): string {
  const condition = status?.conditions?.find((item) => item.type === 'Available');
  if (!condition) return 'Unknown';
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`;
}

export const apiservices: ResourceDefinition<V1APIService> = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  updateNeedsVersion: true,
  singular: 'apiservice',
  categories: ['api-extensions'],
  namespaced: false,
  type: 'V1APIService',
  ...ownStatus<V1APIService>('V1APIServiceStatus'),
  setDefaults({ spec: value }) {
    if (value?.service) value.service.port ??= HTTPS_PORT;
  },
  validate: (service) => rulesOf(service).validate!(service),
  validateUpdate: (service, previous) => rulesOf(service).validateUpdate!(service, previous),
  validateStatusUpdate: (service, previous) => rulesOf(service).validateStatusUpdate!(service, previous),
  columns: [
    nameColumn,
    text('Service', 'Who serves it.', ({ spec: value }) =>
      value?.service ? `${value.service.namespace}/${value.service.name}` : 'Local',
    ),
    text('Available', 'Whether it answers.', availableCell),
    ageColumn,
  ],
};
