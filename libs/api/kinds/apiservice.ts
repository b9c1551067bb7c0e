import type { ResourceDefinition } from '../definition.ts';
import type { V1APIService, V1APIServiceSpec } from '../gen/types.ts';
import { metadata } from '../validation/metadata.ts';
import { dns1035Label, dnsSubdomain } from '../validation/names.ts';
import { validations } from '../validation/object.ts';
import { fields, present, type Rule } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { ownStatus } from './strategy.ts';

const PRIORITY_MAX = 20_000;
const VERSION_PRIORITY_MAX = 1000;
const HTTPS_PORT = 443;

const spec: Rule<V1APIServiceSpec> = (value, at) => {
  if (value.group) for (const complaint of dnsSubdomain(value.group)) at.invalid(complaint, 'group');
  for (const complaint of dns1035Label(value.version ?? '')) at.invalid(complaint, 'version');
  const { groupPriorityMinimum: priority = 0, versionPriority = 0, service } = value;
  if (priority <= 0 || priority > PRIORITY_MAX) at.invalid('must be between 1 and 20000', 'groupPriorityMinimum');
  if (versionPriority <= 0 || versionPriority > VERSION_PRIORITY_MAX)
    at.invalid('must be between 1 and 1000', 'versionPriority');
  if (!service) {
    if (value.caBundle) at.invalid('goes with a service only', 'caBundle');
    return;
  }
  for (const name of ['namespace', 'name'] as const) if (!service[name]) at.required('', 'service', name);
  if (value.insecureSkipTLSVerify && value.caBundle) at.invalid('excludes caBundle', 'insecureSkipTLSVerify');
};

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
  validate(service) {
    const expected = `${service.spec?.version ?? ''}.${service.spec?.group ?? ''}`.replace(/\.$/, '.');
    const name = (given: string) => (given === expected ? [] : [`must be ${expected}`]);
    const rules = {
      metadata: metadata({ name, namespaced: false }),
      object: fields<V1APIService>({ spec: present(spec) }),
    };
    return validations<V1APIService>(rules).validate!(service);
  },
  columns: [
    nameColumn,
    text('Service', 'Who serves it.', ({ spec: value }) =>
      value?.service ? `${value.service.namespace}/${value.service.name}` : 'Local',
    ),
    text('Available', 'Whether it answers.', availableCell),
    ageColumn,
  ],
};
