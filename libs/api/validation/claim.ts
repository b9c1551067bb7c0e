import type {
  V1PersistentVolumeClaimSpec,
  V1PersistentVolumeClaimTemplate,
  V1TypedLocalObjectReference,
  V1TypedObjectReference,
} from '../gen/types.ts';
import { amountOf } from './amounts.ts';
import { sameValue } from './equality.ts';
import { labelSelector } from './labels.ts';
import { templateMetadata } from './metadata.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { all, fields, filled, oneOf, present, type Rule, required, text } from './rule.ts';

export const ACCESS_MODES = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const VOLUME_MODES = ['Block', 'Filesystem'];

/** Complaints about modes stand at their list. */
const supportedAccessModes: Rule<readonly string[]> = (modes, at) => {
  for (const mode of modes) if (!ACCESS_MODES.includes(mode)) at.notSupported(ACCESS_MODES);
};

export const accessModes: Rule<readonly string[]> = (modes, at, context) => {
  supportedAccessModes(modes, at, context);
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && ACCESS_MODES.includes(mode));
  if (others && modes.includes('ReadWriteOncePod')) at.forbidden('ReadWriteOncePod goes with no other mode');
};

const storageRequest: Rule<V1PersistentVolumeClaimSpec> = (spec, at) => {
  const size = spec.resources?.requests?.storage;
  if (size === undefined) at.required('', 'resources', '[storage]');
  else if (amountOf(size) <= 0n) at.invalid('must be greater than zero', 'resources', '[storage]');
};

const dataSource: Rule<V1TypedLocalObjectReference> = (source, at) => {
  if (!source.name) at.required('', 'name');
  if (!source.kind) at.required('', 'kind');
  if (!source.apiGroup && source.kind !== 'PersistentVolumeClaim') at.invalid('the core group has claims only');
  if (source.apiGroup) for (const complaint of dnsSubdomain(source.apiGroup)) at.invalid(complaint, 'apiGroup');
};

const dataSourceRef: Rule<V1TypedObjectReference> = all<V1TypedObjectReference>(
  dataSource,
  fields<V1TypedObjectReference>({ namespace: filled(text(dnsLabel)) }),
);

const oneDataSource: Rule<V1PersistentVolumeClaimSpec> = (spec, at) => {
  const { dataSource: source, dataSourceRef: reference } = spec;
  if (!source || !reference) return;
  if (reference.namespace) at.invalid('dataSource goes with no dataSourceRef.namespace');
  else if (!sameSource(source, reference)) at.invalid('dataSource must match dataSourceRef');
};

function sameSource(a: V1TypedLocalObjectReference, b: V1TypedObjectReference): boolean {
  return sameValue(a.apiGroup, b.apiGroup) && a.kind === b.kind && a.name === b.name;
}

export const claimSpec: Rule<V1PersistentVolumeClaimSpec> = all<V1PersistentVolumeClaimSpec>(
  fields<V1PersistentVolumeClaimSpec>({ accessModes: required(), selector: labelSelector }),
  fields<V1PersistentVolumeClaimSpec>({ accessModes }),
  storageRequest,
  fields<V1PersistentVolumeClaimSpec>({
    storageClassName: filled(text(dnsSubdomain)),
    volumeMode: oneOf(VOLUME_MODES),
    dataSource,
    dataSourceRef,
  }),
  oneDataSource,
  fields<V1PersistentVolumeClaimSpec>({ volumeAttributesClassName: filled(text(dnsSubdomain)) }),
);

/** The template of the claim that an ephemeral volume makes. */
export const claimTemplate: Rule<V1PersistentVolumeClaimTemplate> = fields<V1PersistentVolumeClaimTemplate>({
  metadata: templateMetadata,
  spec: present(claimSpec),
});
