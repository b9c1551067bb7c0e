import type {
  V1ConfigMapVolumeSource,
  V1CSIVolumeSource,
  V1DownwardAPIVolumeSource,
  V1EmptyDirVolumeSource,
  V1EphemeralVolumeSource,
  V1HostPathVolumeSource,
  V1ImageVolumeSource,
  V1SecretVolumeSource,
  V1Volume,
} from '../../gen/types.ts';
import type { ObjectMeta } from '../../meta.ts';
import { amountOf } from '../amounts.ts';
import { claimTemplate } from '../claim.ts';
import { csiDriverName } from '../csi.ts';
import { dnsLabel, dnsSubdomain } from '../names.ts';
import { fileMode, noBacksteps } from '../paths.ts';
import type { Report } from '../report.ts';
import { all, below, each, fields, oneOf, present, type Rule, required } from '../rule.ts';
import { downwardFile, keyToPath } from './files.ts';
import { NETWORK_SOURCES } from './network-volumes.ts';
import { projectedSource } from './projected.ts';

export const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

const emptyDir: Rule<V1EmptyDirVolumeSource> = fields<V1EmptyDirVolumeSource>({
  sizeLimit: (size: string, at: Report) => {
    if (amountOf(size) < 0n) at.forbidden('must not be negative');
  },
});

export const hostPath: Rule<V1HostPathVolumeSource> = (source, at) => {
  if (!source.path) return at.required('', 'path');
  below(at, 'path', source.path, noBacksteps, undefined);
  below(at, 'type', source.type, oneOf(HOST_PATH_TYPES), undefined);
};

const secret: Rule<V1SecretVolumeSource> = fields<V1SecretVolumeSource>({
  secretName: required(),
  defaultMode: fileMode,
  items: each(keyToPath),
});

const configMap: Rule<V1ConfigMapVolumeSource> = fields<V1ConfigMapVolumeSource>({
  name: required(),
  defaultMode: fileMode,
  items: each(keyToPath),
});

/** Complaints about files stand at the source; their index is not told. */
const downwardApi: Rule<V1DownwardAPIVolumeSource> = all<V1DownwardAPIVolumeSource>(
  fields<V1DownwardAPIVolumeSource>({ defaultMode: fileMode }),
  (source, at, context) => {
    for (const file of source.items ?? []) downwardFile(file, at, context);
  },
);

const csi: Rule<V1CSIVolumeSource> = all<V1CSIVolumeSource>(
  fields<V1CSIVolumeSource>({ driver: csiDriverName }),
  (source, at) => {
    if (!source.nodePublishSecretRef) return;
    if (!source.nodePublishSecretRef.name) at.required('', 'nodePublishSecretRef', 'name');
    else for (const complaint of dnsSubdomain(source.nodePublishSecretRef.name)) at.invalid(complaint, 'name');
  },
);

const ephemeral: Rule<V1EphemeralVolumeSource> = fields<V1EphemeralVolumeSource>({
  volumeClaimTemplate: present(claimTemplate),
});

const image: Rule<V1ImageVolumeSource> = fields<V1ImageVolumeSource>({
  reference: required(),
  pullPolicy: oneOf(['Always', 'IfNotPresent', 'Never']),
});

/** Every way a volume can be made, in the order in which they are looked at. */
const SOURCES: Readonly<Record<string, Rule<never>>> = {
  emptyDir,
  hostPath,
  ...NETWORK_SOURCES,
  secret,
  persistentVolumeClaim: fields<{ claimName: string }>({ claimName: required() }),
  configMap,
  downwardAPI: downwardApi,
  projected: projectedSource,
  csi,
  ephemeral,
  image,
};

const SOURCE_NAMES = Object.keys(SOURCES);

/** Sources whose complaints stand under another name than their field's. */
const REPORTED_AS: Readonly<Record<string, string>> = { gcePersistentDisk: 'persistentDisk' };

function volumeSource(volume: V1Volume, at: Report, podName: string | undefined): void {
  const set = volume as unknown as Readonly<Record<string, unknown>>;
  let found = false;
  for (const name of SOURCE_NAMES) {
    const source = set[name];
    if (source === undefined || source === null) continue;
    if (found) at.forbidden('a volume has one source only', name);
    else below(at, REPORTED_AS[name] ?? name, source, SOURCES[name] as Rule<unknown>, undefined);
    found = true;
    if (name === 'ephemeral' && podName && volume.name) {
      for (const complaint of dnsSubdomain(`${podName}-${volume.name}`)) at.invalid(complaint, 'name');
    }
  }
  if (!found) at.required('needs a source');
}

const none: ReadonlyMap<string, V1Volume> = new Map();

/** The volumes of a pod. Answers with the sound ones by name. */
export function validateVolumes(
  volumes: readonly V1Volume[],
  podMeta: ObjectMeta | undefined,
  at: Report,
): ReadonlyMap<string, V1Volume> {
  if (volumes.length === 0) return none;
  const sound = new Map<string, V1Volume>();
  const ownClaims = new Set<string>();
  for (const volume of volumes) if (podMeta?.name && volume.ephemeral) ownClaims.add(`${podMeta.name}-${volume.name}`);
  volumes.forEach((volume, i) => {
    const before = at.count;
    at.enter(i);
    volumeSource(volume, at, podMeta?.name);
    if (!volume.name) at.required('', 'name');
    else for (const complaint of dnsLabel(volume.name)) at.invalid(complaint, 'name');
    if (sound.has(volume.name)) at.duplicate(volume.name, 'name');
    if (at.count === before) sound.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && ownClaims.has(claim)) {
      at.invalid('must not be a claim that an ephemeral volume makes', 'persistentVolumeClaim', 'claimName');
    }
    at.leave();
  });
  return sound;
}
