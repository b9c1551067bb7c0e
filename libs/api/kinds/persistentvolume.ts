import type { ResourceDefinition } from '../definition.ts';
import type {
  V1CSIPersistentVolumeSource,
  V1PersistentVolume,
  V1PersistentVolumeSpec,
  V1SecretReference,
  V1VolumeNodeAffinity,
} from '../gen/types.ts';
import { amountOf } from '../validation/amounts.ts';
import { accessModes, VOLUME_MODES } from '../validation/claim.ts';
import { csiDriverName } from '../validation/csi.ts';
import { sameValue } from '../validation/equality.ts';
import { clusterMetadata } from '../validation/metadata.ts';
import { dnsLabel, dnsSubdomain } from '../validation/names.ts';
import { nodeSelector } from '../validation/node-selector.ts';
import { type UpdateRule, validations } from '../validation/object.ts';
import { noBacksteps } from '../validation/paths.ts';
import { networkSources } from '../validation/pod/network-volumes.ts';
import { hostPath } from '../validation/pod/volumes.ts';
import { keyed, type Report } from '../validation/report.ts';
import { all, below, fields, filled, oneOf, present, type Rule, required, text } from '../validation/rule.ts';
import { ageColumn, text as column, nameColumn, wide } from './cells.ts';
import { ownStatus } from './strategy.ts';
import { renamedNodeLabels, volumeWarnings } from './volume-warnings.ts';

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

const secretReference: Rule<V1SecretReference> = fields<V1SecretReference>({
  name: required(text(dnsSubdomain)),
  namespace: required(text(dnsLabel)),
});

const csi: Rule<V1CSIPersistentVolumeSource> = fields<V1CSIPersistentVolumeSource>({
  driver: csiDriverName,
  volumeHandle: required(),
  controllerPublishSecretRef: secretReference,
  controllerExpandSecretRef: secretReference,
  nodePublishSecretRef: secretReference,
  nodeExpandSecretRef: secretReference,
});

const local: Rule<{ path: string }> = (source, at, context) => {
  if (!source.path) at.required('', 'path');
  else below(at, 'path', source.path, noBacksteps, context);
};

const { gitRepo: _gitRepo, ...network } = networkSources('persistent');

const SOURCES: Readonly<Record<string, Rule<never>>> = { hostPath, ...network, local, csi };
const SOURCE_NAMES = Object.keys(SOURCES);

function sourceOf(spec: V1PersistentVolumeSpec): Record<string, unknown> {
  const set = spec as unknown as Readonly<Record<string, unknown>>;
  return Object.fromEntries(SOURCE_NAMES.filter((name) => set[name]).map((name) => [name, set[name]]));
}

function volumeSource(spec: V1PersistentVolumeSpec, at: Report): void {
  const given = Object.entries(sourceOf(spec));
  given.forEach(([name, source], i) => {
    if (i > 0) at.forbidden('a volume has one source only', name);
    else below(at, name, source, SOURCES[name] as Rule<unknown>, undefined);
  });
  if (spec.local && !spec.nodeAffinity) at.required('a local volume needs it', 'nodeAffinity');
  if (given.length === 0) at.required('needs a source');
}

const affinity: Rule<V1VolumeNodeAffinity> = fields<V1VolumeNodeAffinity>({ required: present(nodeSelector) });

function capacity(spec: V1PersistentVolumeSpec, at: Report): void {
  const list = spec.capacity ?? {};
  const names = Object.keys(list);
  if (names.length === 0) at.required('', 'capacity');
  if (names.length !== 1 || names[0] !== 'storage') at.notSupported(['storage'], 'capacity');
  for (const name of names) {
    const amount = amountOf(list[name]!);
    if (amount <= 0n) at.invalid('must be greater than zero', 'capacity', keyed(name));
  }
}

const details: Rule<V1PersistentVolumeSpec> = all<V1PersistentVolumeSpec>(
  (spec, at) => {
    const root = spec.hostPath && spec.hostPath.path.replaceAll('/', '') === '';
    if (root && spec.persistentVolumeReclaimPolicy === 'Recycle')
      at.forbidden('not for the root', 'persistentVolumeReclaimPolicy');
  },
  fields<V1PersistentVolumeSpec>({ storageClassName: filled(text(dnsSubdomain)), volumeMode: oneOf(VOLUME_MODES) }),
  (spec, at) => {
    const name = spec.volumeAttributesClassName;
    if (name === undefined) return;
    if (name === '') at.required('', 'volumeAttributesClassName');
    else for (const complaint of dnsSubdomain(name)) at.invalid(complaint, 'volumeAttributesClassName');
    if (!spec.csi) at.required('needed by volumeAttributesClassName', 'csi');
  },
);

export const volumeSpec: Rule<V1PersistentVolumeSpec> = (spec, at, context) => {
  if (!spec.accessModes?.length) at.required('', 'accessModes');
  else below(at, 'accessModes', spec.accessModes, accessModes, context);
  capacity(spec, at);
  below(
    at,
    'persistentVolumeReclaimPolicy',
    spec.persistentVolumeReclaimPolicy || undefined,
    oneOf(RECLAIM_POLICIES),
    context,
  );
  below(at, 'nodeAffinity', spec.nodeAffinity, affinity, context);
  volumeSource(spec, at);
  details(spec, at, context);
};

function renamed(affinityOf: V1VolumeNodeAffinity | undefined): unknown {
  return JSON.parse(JSON.stringify(affinityOf ?? null), (key, value) =>
    key === 'key' ? (renamedNodeLabels[value] ?? value) : value,
  );
}

const volumeStays: UpdateRule<V1PersistentVolume> = (volume, previous, at) => {
  const [spec, before] = [volume.spec!, previous.spec!];
  const source = sourceOf(spec);
  if (before.csi && !before.csi.controllerExpandSecretRef && spec.csi) {
    source.csi = { ...spec.csi, controllerExpandSecretRef: undefined };
  }
  if (!sameValue(source, sourceOf(before))) at.forbidden('field is immutable', 'spec', 'persistentvolumesource');
  if (spec.volumeMode !== before.volumeMode) at.invalid('field is immutable', 'volumeMode');
  const moved =
    !sameValue(spec.nodeAffinity, before.nodeAffinity) && !sameValue(spec.nodeAffinity, renamed(before.nodeAffinity));
  if (before.nodeAffinity && moved) at.invalid('field is immutable', 'nodeAffinity');
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined) {
    at.forbidden('cannot be taken back', 'spec', 'volumeAttributesClassName');
  }
};

const SHORT_MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

const MODE_ORDER = ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOncePod'];

export function modesCell(modes: readonly string[] | undefined): string {
  return MODE_ORDER.filter((mode) => modes?.includes(mode))
    .map((mode) => SHORT_MODES[mode])
    .join(',');
}

const own = ownStatus<V1PersistentVolume>('V1PersistentVolumeStatus');

function claimCell({ spec }: V1PersistentVolume): string {
  return spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '';
}

const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

function className(volume: V1PersistentVolume): string {
  const old: string | undefined = volume.metadata?.annotations?.[CLASS_ANNOTATION];
  return old ?? volume.spec?.storageClassName ?? '';
}

export const persistentvolumes: ResourceDefinition<V1PersistentVolume> = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  singular: 'persistentvolume',
  shortNames: ['pv'],
  namespaced: false,
  type: 'V1PersistentVolume',
  ...own,
  setDefaults(draft) {
    draft.status ??= {};
    draft.status.phase ||= 'Pending';
    const spec = draft.spec;
    if (!spec) return;
    spec.persistentVolumeReclaimPolicy ||= 'Retain';
    spec.volumeMode ??= 'Filesystem';
    if (spec.hostPath) spec.hostPath.type ??= '';
    if (spec.iscsi) spec.iscsi.iscsiInterface ||= 'default';
    if (spec.rbd) {
      spec.rbd.pool ||= 'rbd';
      spec.rbd.user ||= 'admin';
      spec.rbd.keyring ||= '/etc/ceph/keyring';
    }
  },
  prepareForCreate(draft) {
    draft.status = { phase: 'Pending' };
    if (draft.metadata?.creationTimestamp) draft.status.lastPhaseTransitionTime = draft.metadata.creationTimestamp;
  },
  ...validations<V1PersistentVolume>({
    metadata: clusterMetadata,
    object: fields<V1PersistentVolume>({ spec: present(volumeSpec) }),
    after: volumeStays,
    asNewFirst: true,
    metadataAgain: true,
    status: () => {},
  }),
  warnings: volumeWarnings,
  columns: [
    nameColumn,
    column('Capacity', 'How much it holds.', (volume) => volume.spec?.capacity?.storage ?? '0'),
    column('Access Modes', 'How it can be mounted.', (volume) => modesCell(volume.spec?.accessModes)),
    column('Reclaim Policy', 'What becomes of it.', (volume) => volume.spec?.persistentVolumeReclaimPolicy ?? ''),
    column('Status', 'How it stands.', (v) =>
      v.metadata?.deletionTimestamp ? 'Terminating' : (v.status?.phase ?? ''),
    ),
    column('Claim', 'Who has it.', claimCell),
    column('StorageClass', 'Class of the volume.', className),
    column('VolumeAttributesClass', 'Class of its attributes.', (v) => v.spec?.volumeAttributesClassName ?? '<unset>'),
    column('Reason', 'Why it stands so.', (volume) => volume.status?.reason ?? ''),
    ageColumn,
    wide(column('VolumeMode', 'Files or blocks.', (volume) => volume.spec?.volumeMode ?? '<unset>')),
  ],
};
