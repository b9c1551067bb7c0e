import type { ResourceDefinition } from '../definition.ts';
import type {
  V1PersistentVolumeClaim,
  V1PersistentVolumeClaimSpec,
  V1PersistentVolumeClaimStatus,
} from '../gen/types.ts';
import { amountOf, isWhole } from '../validation/amounts.ts';
import { claimSpec } from '../validation/claim.ts';
import { sameValue } from '../validation/equality.ts';
import { namespacedMetadata } from '../validation/metadata.ts';
import { qualifiedName } from '../validation/names.ts';
import { type UpdateRule, validations } from '../validation/object.ts';
import { keyed, type Report } from '../validation/report.ts';
import { isNative } from '../validation/resources.ts';
import { fields, present } from '../validation/rule.ts';
import { ageColumn, nameColumn, text, wide } from './cells.ts';
import { modesCell } from './persistentvolume.ts';
import { ownStatus } from './strategy.ts';
import { annotationWarnings } from './volume-warnings.ts';

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

function oldClass(claim: V1PersistentVolumeClaim): string | undefined {
  return claim.metadata?.annotations?.[CLASS_ANNOTATION];
}

/** The class may move from its old annotation to the field, and a class may be given to a claim without one. */
function classUpgraded(claim: V1PersistentVolumeClaim, previous: V1PersistentVolumeClaim): boolean {
  const [now, before, annotated] = [claim.spec?.storageClassName, previous.spec?.storageClassName, oldClass(previous)];
  return before === undefined && now !== undefined && (annotated === undefined || annotated === now);
}

function withTolerated(claim: V1PersistentVolumeClaim, previous: V1PersistentVolumeClaim): V1PersistentVolumeClaimSpec {
  const spec: V1PersistentVolumeClaimSpec = { ...claim.spec };
  const before = previous.spec ?? {};
  if (!before.volumeName) spec.volumeName = undefined;
  if (classUpgraded(claim, previous)) spec.storageClassName = before.storageClassName;
  if (claim.status?.phase !== 'Bound') return spec;
  const storage = before.resources?.requests?.storage;
  if (spec.resources?.requests && storage !== undefined) {
    spec.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage } };
  }
  spec.volumeAttributesClassName = before.volumeAttributesClassName;
  return spec;
}

const claimStays: UpdateRule<V1PersistentVolumeClaim> = (claim, previous, at) => {
  const [spec, before] = [claim.spec ?? {}, previous.spec ?? {}];
  const kept = oldClass(claim) === undefined && classUpgraded(claim, previous) && oldClass(previous) !== undefined;
  if (!kept && (oldClass(claim) ?? '') !== (oldClass(previous) ?? '')) {
    at.invalid('field is immutable', 'metadata', 'annotations', CLASS_ANNOTATION);
  }
  const old = before.volumeName ? before : { ...before, volumeName: undefined };
  if (!sameValue(withTolerated(claim, previous), old)) at.forbidden('only the size of bound claims may change', 'spec');
  const size = (list: Readonly<Record<string, string>> | undefined) => amountOf(list?.storage ?? '0');
  const shrinks = size(spec.resources?.requests) < size(before.resources?.requests);
  if (shrinks && size(spec.resources?.requests) <= size(previous.status?.capacity)) {
    at.forbidden('cannot be less than what there is', 'spec', 'resources', 'requests', 'storage');
  }
  if (spec.volumeMode !== before.volumeMode) at.invalid('field is immutable', 'volumeMode');
  const attributes = spec.volumeAttributesClassName;
  if (
    attributes !== before.volumeAttributesClassName &&
    previous.status?.currentVolumeAttributesClassName &&
    !attributes
  ) {
    at.forbidden('cannot be taken back', 'spec', 'volumeAttributesClassName');
  }
};

export function claimWarnings(spec: V1PersistentVolumeClaimSpec | undefined, place: string): string[] {
  const size = spec?.resources?.requests?.storage;
  return size !== undefined && !isWhole(amountOf(size))
    ? [`${place}.resources.requests[storage]: fractional bytes`]
    : [];
}

/** How far the growth of a claim has come. */
const RESIZES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizePending',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
];

/** Claims are about storage; what has a domain of its own is somebody else's. */
function resourceKey(name: string, at: Report, place: string): boolean {
  const complaints = qualifiedName(name);
  for (const complaint of complaints) at.invalid(complaint, place);
  if (complaints.length > 0) return false;
  if (!isNative(name) || name === 'storage') return true;
  at.notSupported(['storage'], place);
  return false;
}

function capacities(status: V1PersistentVolumeClaimStatus, at: Report): void {
  const amounts = (place: 'capacity' | 'allocatedResources', name: string, amount: string) => {
    if (amountOf(amount) < 0n) at.invalid('must not be negative', place, keyed(name));
  };
  for (const [name, amount] of Object.entries(status.capacity ?? {})) amounts('capacity', name, amount);
  for (const [name, resize] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    resourceKey(name, at, 'allocatedResourceStatuses');
    if (!RESIZES.includes(resize)) at.notSupported(RESIZES, 'allocatedResourceStatuses');
  }
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    if (resourceKey(name, at, 'allocatedResources')) amounts('allocatedResources', name, amount);
  }
}

export const persistentvolumeclaims: ResourceDefinition<V1PersistentVolumeClaim> = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  namespaced: true,
  type: 'V1PersistentVolumeClaim',
  ...ownStatus<V1PersistentVolumeClaim>('V1PersistentVolumeClaimStatus'),
  setDefaults(draft) {
    draft.status ??= {};
    draft.status.phase ||= 'Pending';
    if (draft.spec) draft.spec.volumeMode ??= 'Filesystem';
  },
  /** Sources of data are written in two ways, of which clients may know one only. */
  prepareForCreate(draft) {
    draft.status = { phase: 'Pending' };
    const spec = draft.spec;
    if (!spec) return;
    if (spec.dataSource && !spec.dataSourceRef) spec.dataSourceRef = { ...spec.dataSource };
    else if (spec.dataSourceRef && !spec.dataSource && !spec.dataSourceRef.namespace) {
      const { namespace: _none, ...source } = spec.dataSourceRef;
      spec.dataSource = source;
    }
  },
  ...validations<V1PersistentVolumeClaim>({
    metadata: namespacedMetadata,
    object: fields<V1PersistentVolumeClaim>({ spec: present(claimSpec) }),
    after: claimStays,
    metadataAgain: true,
    status: ({ status = {} }, _previous, at) => {
      at.enter('status');
      capacities(status, at);
      at.leave();
    },
  }),
  warnings: (claim) => [...annotationWarnings(claim, [CLASS_ANNOTATION]), ...claimWarnings(claim.spec, 'spec')],
  columns: [
    nameColumn,
    text('Status', 'How it stands.', (c) => (c.metadata?.deletionTimestamp ? 'Terminating' : (c.status?.phase ?? ''))),
    text('Volume', 'The volume it has.', (claim) => claim.spec?.volumeName ?? ''),
    text('Capacity', 'How much that holds.', (c) => (c.spec?.volumeName ? (c.status?.capacity?.storage ?? '0') : '')),
    text('Access Modes', 'How it can be mounted.', (c) => (c.spec?.volumeName ? modesCell(c.status?.accessModes) : '')),
    text('StorageClass', 'Class of the volume.', (claim) => oldClass(claim) ?? claim.spec?.storageClassName ?? ''),
    text('VolumeAttributesClass', 'Class of its attributes.', (c) => c.spec?.volumeAttributesClassName ?? '<unset>'),
    ageColumn,
    wide(text('VolumeMode', 'Files or blocks.', (claim) => claim.spec?.volumeMode ?? '<unset>')),
  ],
};
