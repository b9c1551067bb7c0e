import type { ResourceDefinition } from '../definition.ts';
import type {
  ResourceV1ResourceClaim,
  V1DeviceClaim,
  V1DeviceClass,
  V1ResourceClaimTemplate,
  V1ResourceSlice,
} from '../gen/types.ts';
import type { KubeObject } from '../meta.ts';
import { csiDriverName } from '../validation/csi.ts';
import { clusterMetadata, namespacedMetadata, templateMetadata } from '../validation/metadata.ts';
import { immutable, validations } from '../validation/object.ts';
import { fields, present, type Rule } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn } from './cells.ts';
import { deviceClaim } from './device/claims.ts';
import { deviceClassSpec } from './device/requests.ts';
import { ownStatus } from './strategy.ts';

const GROUP = { group: 'resource.k8s.io', version: 'v1' } as const;
const COUNT = 1;

interface ClaimSpec {
  devices?: V1DeviceClaim;
}

function defaultClaim(spec: ClaimSpec | undefined): void {
  for (const request of spec?.devices?.requests ?? []) {
    for (const exact of [...(request.exactly ? [request.exactly] : []), ...(request.firstAvailable ?? [])]) {
      exact.allocationMode ||= 'ExactCount';
      if (exact.allocationMode === 'ExactCount') exact.count ||= COUNT;
      for (const toleration of exact.tolerations ?? []) toleration.operator ||= 'Equal';
    }
  }
}

const claimSpec: Rule<ClaimSpec> = fields<ClaimSpec>({ devices: deviceClaim });

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

const withDriver = fields<{ driver?: string }>({ driver: csiDriverName });

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
    object({ spec }, at, context) {
      at.enter('spec');
      withDriver(spec ?? {}, at, context);
      at.leave();
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
