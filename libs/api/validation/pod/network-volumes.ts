import type { V1FCVolumeSource, V1FlexVolumeSource, V1ISCSIVolumeSource, V1NFSVolumeSource } from '../../gen/types.ts';
import { descendingPath } from '../paths.ts';
import type { Report } from '../report.ts';
import { all, between, fields, type Rule, required } from '../rule.ts';

const needs = required<string>();

/** What a source must name, and nothing else to it. */
function named(...names: string[]): Rule<object> {
  return fields<Record<string, string>>(Object.fromEntries(names.map((name) => [name, needs]))) as Rule<object>;
}

function secretRef(...names: string[]): Rule<object> {
  return (source, at) => {
    const secret = (source as { secretRef?: Readonly<Record<string, string>> }).secretRef;
    if (secret) for (const name of names) if (!secret[name]) at.required('', 'secretRef', name);
  };
}

const partition = fields<{ partition?: number }>({ partition: between(0, 255) }) as Rule<object>;

export const nfs: Rule<V1NFSVolumeSource> = (source, at) => {
  if (!source.server) at.required('', 'server');
  if (!source.path) at.required('', 'path');
  if (!source.path?.startsWith('/')) at.invalid('must be an absolute path', 'path');
};

const INITIATOR: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9-.]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[a-zA-Z0-9]{16}$/,
  naa: /^naa.[a-zA-Z0-9]{32}$/,
};

/** A name of an iSCSI initiator or target (RFC 3720, section 3.2.6). */
const initiator: Rule<string> = (name, at) => {
  if (!INITIATOR[name.slice(0, 3)]?.test(name)) at.invalid('must be an iqn, eui or naa name');
};

function lun(value: number | undefined, at: Report): void {
  const number = value ?? 0;
  if (number < 0 || number > 255) at.invalid('must be between 0 and 255, inclusive', 'lun');
}

function initiatorName(source: V1ISCSIVolumeSource, at: Report): void {
  if (!source.initiatorName) return;
  at.enter('initiatorname');
  initiator(source.initiatorName, at, undefined);
  at.leave();
}

export const iscsi: Rule<V1ISCSIVolumeSource> = all<V1ISCSIVolumeSource>(
  fields<V1ISCSIVolumeSource>({ targetPortal: required(), iqn: required(initiator) }),
  (source, at) => {
    lun(source.lun, at);
    if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) at.required('', 'secretRef');
    initiatorName(source, at);
  },
);

export const fibreChannel: Rule<V1FCVolumeSource> = (source, at) => {
  const targets = source.targetWWNs?.length ?? 0;
  const ids = source.wwids?.length ?? 0;
  if (targets === 0 && ids === 0) at.required('needs targetWWNs or wwids', 'targetWWNs');
  if (targets > 0 && ids > 0) at.invalid('excludes wwids', 'targetWWNs');
  if (targets === 0) return;
  if (source.lun === undefined) at.required('needed by targetWWNs', 'lun');
  else lun(source.lun, at);
};

export const flexVolume: Rule<V1FlexVolumeSource> = all<V1FlexVolumeSource>(
  fields<V1FlexVolumeSource>({ driver: required() }),
  (source, at) => {
    for (const key of Object.keys(source.options ?? {})) {
      const domain = `.${key.split('/', 1)[0]!.toLowerCase()}`;
      if (domain.endsWith('.kubernetes.io') || domain.endsWith('.k8s.io')) {
        at.invalid('this domain is reserved', 'options', `[${key}]`);
      }
    }
  },
);

const gitRepo = fields<{ repository: string; directory?: string }>({
  repository: required(),
  directory: descendingPath,
}) as Rule<object>;

const flocker: Rule<{ datasetName?: string; datasetUUID?: string }> = (source, at) => {
  if (!source.datasetName && !source.datasetUUID) at.required('needs datasetName or datasetUUID');
  if (source.datasetName && source.datasetUUID) at.invalid('datasetName and datasetUUID exclude each other');
  if (source.datasetName?.includes('/')) at.invalid("must not contain '/'", 'datasetName');
};

const quobyte: Rule<{ registry: string; tenant?: string; volume: string }> = (source, at) => {
  if (!source.registry) at.required('', 'registry');
  else if ((source.tenant?.length ?? 0) >= 65) at.required('', 'tenant');
  else if (!source.registry.split(',').every((pair) => /^.*:[^:]*$/.test(pair))) {
    at.invalid('must be host:port pairs', 'registry');
  }
  if (!source.volume) at.required('', 'volume');
};

const CACHING_MODES = ['None', 'ReadOnly', 'ReadWrite'];
const DISK_KINDS = ['Dedicated', 'Managed', 'Shared'];

const azureDisk: Rule<{ diskName: string; diskURI: string; cachingMode?: string; kind?: string }> = (disk, at) => {
  if (!disk.diskName) at.required('', 'diskName');
  if (!disk.diskURI) at.required('', 'diskURI');
  if (disk.cachingMode !== undefined && !CACHING_MODES.includes(disk.cachingMode)) {
    at.notSupported(CACHING_MODES, 'cachingMode');
  }
  if (disk.kind !== undefined && !DISK_KINDS.includes(disk.kind)) at.notSupported(DISK_KINDS, 'kind');
  const managed = disk.diskURI?.startsWith('/subscriptions/');
  if (disk.kind === 'Managed' && !managed) at.notSupported(['/subscriptions/...'], 'diskURI');
  if (disk.kind && disk.kind !== 'Managed' && !disk.diskURI?.startsWith('https://')) {
    at.notSupported(['https://...'], 'diskURI');
  }
};

/** Volumes on other machines. `persistent` ones name their secrets with a namespace. */
export function networkSources(kind: 'inline' | 'persistent'): Readonly<Record<string, Rule<never>>> {
  const secret = kind === 'persistent' ? secretRef('name', 'namespace') : secretRef('name');
  return {
    gitRepo,
    gcePersistentDisk: all(named('pdName'), partition),
    awsElasticBlockStore: all(named('volumeID'), partition),
    nfs,
    iscsi,
    glusterfs: named('endpoints', 'path'),
    flocker,
    rbd: fields<{ monitors: string[]; image: string }>({ monitors: required(), image: required() }),
    cinder: all(named('volumeID'), secret),
    cephfs: fields<{ monitors: string[] }>({ monitors: required() }),
    fc: fibreChannel,
    flexVolume,
    azureFile: named('secretName', 'shareName'),
    vsphereVolume: named('volumePath'),
    photonPersistentDisk: named('pdID'),
    quobyte,
    portworxVolume: named('volumeID'),
    azureDisk,
    scaleIO: named('gateway', 'system', 'volumeName'),
    storageos: named('volumeName'),
  };
}

export const NETWORK_SOURCES = networkSources('inline');
