import type { ResourceDefinition } from '../definition.ts';
import type { ResourceV1ResourceClaim, V1DeviceClass, V1ResourceClaimTemplate, V1ResourceSlice } from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { clusterMetadata, namespacedMetadata, templateMetadata } from '../validation/metadata.ts';
import { dnsSubdomain } from '../validation/names.ts';
import { immutable, validations } from '../validation/object.ts';
import { fields, present, type Rule } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { type DeviceRequest, deviceClassSpec, deviceRequests } from './device/requests.ts';
import { ownStatus } from './strategy.ts';

const GROUP = { group: 'resource.k8s.io', version: 'v1' } as const;
const COUNT = 1;

interface ClaimSpec {
  devices?: { requests?: DeviceRequest[] };
}

function defaultClaim(spec: ClaimSpec | undefined): void {
  for (const request of spec?.devices?.requests ?? []) {
    for (const exact of [...(request.exactly ? [request.exactly] : []), ...(request.firstAvailable ?? [])]) {
      exact.allocationMode ||= 'ExactCount';
      if (exact.allocationMode === 'ExactCount') exact.count ||= COUNT;
    }
  }
}

const claimSpec: Rule<ClaimSpec> = fields<ClaimSpec>({
  devices: fields<NonNullable<ClaimSpec['devices']>>({
    requests: deviceRequests,
  }),
});

const withClaimSpec = fields<KubeObject & { spec?: ClaimSpec }>({ spec: present(claimSpec) });

function stateCell(claim: ResourceV1ResourceClaim): string {
  const states = [
    claim.metadata?.deletionTimestamp ? 'deleted' : '',
    claim.status?.allocation ? 'allocated' : '',
    claim.status?.reservedFor?.length ? 'reserved' : '',
  ].filter((state) => state !== '');
  return states.join(',') || 'pending';
}

export const deviceclasses: ResourceDefinition<V1DeviceClass> = {
  ...GROUP,
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  singular: 'deviceclass',
  namespaced: false,
  type: 'V1DeviceClass',
  hasGeneration: true,
  ...validations<V1DeviceClass>({
    metadata: clusterMetadata,
    object: fields<V1DeviceClass>({ spec: deviceClassSpec }),
    metadataAgain: true,
  }),
  columns: [nameColumn, ageColumn],
};

export const resourceclaims: ResourceDefinition<ResourceV1ResourceClaim> = {
  ...GROUP,
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  singular: 'resourceclaim',
  namespaced: true,
  type: 'ResourceV1ResourceClaim',
  ...ownStatus<ResourceV1ResourceClaim>('V1ResourceClaimStatus'),
  setDefaults: ({ spec }) => defaultClaim(spec),
  ...validations<ResourceV1ResourceClaim>({
    metadata: namespacedMetadata,
    created: withClaimSpec,
    after: immutable<ResourceV1ResourceClaim>('spec'),
    status: () => {},
  }),
  columns: [nameColumn, column('State', 'How it stands.', stateCell), ageColumn],
};

type TemplateSpec = { metadata?: object; spec?: ClaimSpec };

export const resourceclaimtemplates: ResourceDefinition<V1ResourceClaimTemplate> = {
  ...GROUP,
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  singular: 'resourceclaimtemplate',
  namespaced: true,
  type: 'V1ResourceClaimTemplate',
  setDefaults: ({ spec }) => defaultClaim(spec?.spec),
  ...validations<V1ResourceClaimTemplate>({
    metadata: namespacedMetadata,
    object: fields<KubeObject & { spec?: TemplateSpec }>({
      spec: present(fields<TemplateSpec>({ metadata: templateMetadata as Rule<object>, spec: present(claimSpec) })),
    }),
    after: immutable<V1ResourceClaimTemplate>('spec'),
  }),
  columns: [nameColumn, ageColumn],
};

export const resourceslices: ResourceDefinition<V1ResourceSlice> = {
  ...GROUP,
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  singular: 'resourceslice',
  namespaced: false,
  type: 'V1ResourceSlice',
  hasGeneration: true,
  ...validations<V1ResourceSlice>({
    metadata: clusterMetadata,
    object({ spec }, at) {
      if (!spec?.driver) at.required('', 'spec', 'driver');
      else for (const complaint of dnsSubdomain(spec.driver)) at.invalid(complaint, 'spec', 'driver');
      if (!spec?.pool?.name) at.required('', 'spec', 'pool', 'name');
    },
    after: immutable<V1ResourceSlice>('spec.driver', 'spec.pool.name', 'spec.nodeName'),
  }),
  columns: [
    nameColumn,
    column('Node', 'Where the devices are.', ({ spec }) => spec.nodeName ?? '<none>'),
    column('Driver', 'Who drives them.', ({ spec }) => spec.driver),
    column('Pool', 'The pool they belong to.', ({ spec }) => spec.pool.name),
    ageColumn,
  ],
  selectableFields: {
    'spec.driver': ({ spec }) => spec.driver ?? '',
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  },
};
