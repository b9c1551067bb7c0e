import type { ResourceDefinition } from '../definition.ts';
import type { V1ResourceQuota, V1ResourceQuotaSpec, V1ScopedResourceSelectorRequirement } from '../gen/types.ts';
import { amountOf } from '../validation/amounts.ts';
import { sameValue } from '../validation/equality.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { validations } from '../validation/object.ts';
import { keyed, type Report } from '../validation/report.ts';
import { isHugePages, isQuotaResource, resourceAmount, resourceName } from '../validation/resources.ts';
import { isEmpty } from '../validation/rule.ts';
import { ageColumn, nameColumn, text } from './cells.ts';
import { ownStatus } from './strategy.ts';

const EXISTS_ONLY = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const SCOPES = [...EXISTS_ONLY, 'PriorityClass', 'VolumeAttributesClass'];

const CONFLICTS: ReadonlyArray<readonly [string, string]> = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

/** Resources of pods that a scope can narrow. */
const POD_RESOURCES = new Set(
  ['', 'requests.', 'limits.']
    .flatMap((kind) => ['cpu', 'memory', 'ephemeral-storage'].map((name) => kind + name))
    .concat('pods'),
);

/** Whether a scope says anything about a resource. */
function narrows(scope: string, resource: string): boolean {
  if (scope === 'BestEffort') return resource === 'pods';
  if (scope === 'VolumeAttributesClass')
    return resource === 'persistentvolumeclaims' || resource === 'requests.storage';
  return POD_RESOURCES.has(resource) || isHugePages(resource) || resource.startsWith('requests.hugepages-');
}

function amounts(list: Readonly<Record<string, string>> | undefined, at: Report, ...place: string[]): void {
  for (const [name, amount] of Object.entries(list ?? {})) {
    for (const step of [...place, keyed(name)]) at.enter(step);
    resourceName(name, at);
    if (!name.includes('/') && !isQuotaResource(name)) at.invalid('is no resource of quotas');
    resourceAmount(name, amountOf(amount), at);
    for (const _ of [...place, keyed(name)]) at.leave();
  }
}

function scopeRules(spec: V1ResourceQuotaSpec, scopes: readonly string[], at: Report, unknownAt: string[]): void {
  for (const scope of scopes) {
    if (!SCOPES.includes(scope)) at.invalid('is no scope', ...unknownAt);
    for (const name of Object.keys(spec.hard ?? {}).sort()) {
      if (isQuotaResource(name) && !narrows(scope, name)) at.invalid('says nothing about a resource', unknownAt[0]!);
    }
  }
}

function conflicts(scopes: readonly string[], at: Report, step: string): void {
  for (const [a, b] of CONFLICTS) if (scopes.includes(a) && scopes.includes(b)) at.invalid(`${a} excludes ${b}`, step);
}

function requirement(
  spec: V1ResourceQuotaSpec,
  { scopeName: scope, operator, values }: V1ScopedResourceSelectorRequirement,
  at: Report,
): void {
  const place = 'matchExpressions';
  if (!SCOPES.includes(scope)) at.invalid('is no scope', place, 'scopeName');
  for (const name of Object.keys(spec.hard ?? {}).sort()) {
    if (isQuotaResource(name) && !narrows(scope, name)) at.invalid('says nothing about a resource', place);
  }
  if (EXISTS_ONLY.includes(scope) && operator !== 'Exists') at.invalid('must be Exists', place, 'operator');
  if (operator === 'In' || operator === 'NotIn') {
    if (isEmpty(values)) at.required('', place, 'values');
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (!isEmpty(values)) at.invalid('must be empty', place, 'values');
  } else at.invalid('is no operator', place, 'operator');
}

function quotaSpec(spec: V1ResourceQuotaSpec, at: Report): void {
  at.enter('spec');
  amounts(spec.hard, at, 'hard');
  scopeRules(spec, spec.scopes ?? [], at, ['scopes']);
  conflicts(spec.scopes ?? [], at, 'scopes');
  if (spec.scopeSelector) {
    const list = spec.scopeSelector.matchExpressions ?? [];
    at.enter('scopeSelector');
    for (const item of list) requirement(spec, item, at);
    conflicts(
      list.map((item) => item.scopeName),
      at,
      'matchExpressions',
    );
    at.leave();
  }
  at.leave();
}

function statusAmounts(quota: V1ResourceQuota, at: Report): void {
  amounts(quota.status?.hard, at, 'status', 'hard');
  amounts(quota.status?.used, at, 'status', 'used');
}

/** Uses beside their bounds; what begins with `limits` goes to one column, the rest to the other. */
function usesCell(limits: boolean): (quota: V1ResourceQuota) => string {
  return ({ status }) =>
    Object.keys(status?.hard ?? {})
      .sort()
      .filter((name) => name.startsWith('limits') === limits)
      .map((name) => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
      .join(', ');
}

export const resourcequotas: ResourceDefinition<V1ResourceQuota> = {
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  singular: 'resourcequota',
  shortNames: ['quota'],
  namespaced: true,
  type: 'V1ResourceQuota',
  ...ownStatus<V1ResourceQuota>('V1ResourceQuotaStatus'),
  ...validations<V1ResourceQuota>({
    metadata: namespacedMetadata,
    object: (quota, at) => quotaSpec(quota.spec ?? {}, at),
    after(quota, previous, at) {
      const sorted = (object: V1ResourceQuota) => [...new Set(object.spec?.scopes ?? [])].sort();
      if (!sameValue(sorted(quota), sorted(previous))) at.invalid('field is immutable', 'spec', 'scopes');
    },
    status: (quota, _previous, at) => statusAmounts(quota, at),
  }),
  columns: [
    nameColumn,
    text('Request', 'What is requested, and the bounds.', usesCell(false)),
    text('Limit', 'What is limited, and the bounds.', usesCell(true)),
    ageColumn,
  ],
};
