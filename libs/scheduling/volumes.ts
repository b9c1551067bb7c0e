import type {
  V1CSINode,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1StorageClass,
} from '../api/gen/types.ts';
import { wholeValue } from '../api/quantity/amounts.ts';
import { labelSelectorOf } from '../api/selectors/label-selector.ts';
import { matchesLabels } from '../api/selectors/requirement.ts';

/** Storage classes with it have no program that makes volumes. */
const noProvisioner = 'kubernetes.io/no-provisioner';

/** How a claim stands. */
export type ClaimState =
  | { kind: 'missing' | 'deleting' }
  /** The volume may not exist any more. */
  | { kind: 'bound'; volume: V1PersistentVolume | undefined }
  /** Nobody binds it before a pod is there, or somebody binds it soon. */
  | { kind: 'unbound'; waitsForPod: boolean };

/** Claims, volumes and storage classes, and which volumes are promised to claims that are not bound yet. */
export class Volumes {
  /** Grows with each change but those of who uses a claim. */
  version = 0;
  private readonly claims = new Map<string, V1PersistentVolumeClaim>();
  private readonly volumes = new Map<string, V1PersistentVolume>();
  private readonly classes = new Map<string, V1StorageClass>();
  /** By node and driver: how many volumes can be attached. */
  private readonly limits = new Map<string, ReadonlyMap<string, number>>();
  /** By volume: the claim that it is promised to. */
  private readonly promised = new Map<string, string>();
  /** By claim: pods on nodes that use it. */
  private readonly users = new Map<string, number>();

  setClaim(key: string, claim: V1PersistentVolumeClaim | undefined): void {
    set(this.claims, key, claim);
    this.version++;
  }

  setVolume(name: string, volume: V1PersistentVolume | undefined): void {
    set(this.volumes, name, volume);
    this.version++;
  }

  setClass(name: string, storageClass: V1StorageClass | undefined): void {
    set(this.classes, name, storageClass);
    this.version++;
  }

  /** What a node says of its drivers. */
  setNode(name: string, node: V1CSINode | undefined): void {
    const limits = (node?.spec.drivers ?? []).flatMap(({ name: driver, allocatable }) =>
      allocatable?.count === undefined ? [] : [[driver, allocatable.count] as const],
    );
    const known = this.limits.get(name);
    if ((known?.size ?? 0) === limits.length && limits.every(([driver, count]) => known?.get(driver) === count)) return;
    set(this.limits, name, limits.length === 0 ? undefined : new Map(limits));
    this.version++;
  }

  /** Undefined when no driver of the node states a limit. */
  limitsOf(nodeName: string): ReadonlyMap<string, number> | undefined {
    return this.limits.get(nodeName);
  }

  claim(key: string): V1PersistentVolumeClaim | undefined {
    return this.claims.get(key);
  }

  stateOf(key: string): ClaimState {
    const claim = this.claims.get(key);
    if (claim === undefined) return { kind: 'missing' };
    if (claim.metadata?.deletionTimestamp) return { kind: 'deleting' };
    const { volumeName } = claim.spec ?? {};
    if (volumeName) return { kind: 'bound', volume: this.volumes.get(volumeName) };
    return { kind: 'unbound', waitsForPod: this.classOf(claim)?.volumeBindingMode === 'WaitForFirstConsumer' };
  }

  classOf({ spec }: V1PersistentVolumeClaim): V1StorageClass | undefined {
    return this.classes.get(spec?.storageClassName ?? '');
  }

  /** Whether a volume can be made for the claim. */
  canProvision(claim: V1PersistentVolumeClaim): boolean {
    const { provisioner = noProvisioner } = this.classOf(claim) ?? {};
    return provisioner !== noProvisioner;
  }

  /** Free volumes that suit a claim, the smallest first. */
  suiting(key: string): V1PersistentVolume[] {
    const claim = this.claims.get(key);
    if (claim === undefined) return [];
    const wanted = wholeValue(claim.spec?.resources?.requests?.storage ?? '0');
    const size = (volume: V1PersistentVolume) => wholeValue(volume.spec?.capacity?.storage ?? '0');
    const found = [...this.volumes.values()].filter(
      (volume) => size(volume) >= wanted && this.isFree(volume, key) && suits(volume, claim),
    );
    return found.sort((one, other) => size(one) - size(other) || (nameOf(one) < nameOf(other) ? -1 : 1));
  }

  promise(volume: V1PersistentVolume, key: string): void {
    this.promised.set(nameOf(volume), key);
    this.version++;
  }

  withdraw(key: string): void {
    for (const [volume, claim] of this.promised) {
      if (claim !== key) continue;
      this.promised.delete(volume);
      this.version++;
    }
  }

  /** Counts a pod that uses claims on a node, or no longer does. */
  use(keys: readonly string[], sign: 1 | -1): void {
    for (const key of keys) {
      const count = this.usersOf(key) + sign;
      if (count > 0) this.users.set(key, count);
      else this.users.delete(key);
    }
  }

  usersOf(key: string): number {
    return this.users.get(key) ?? 0;
  }

  private isFree(volume: V1PersistentVolume, key: string): boolean {
    const promisedTo = this.promised.get(nameOf(volume));
    if (promisedTo !== undefined && promisedTo !== key) return false;
    const { claimRef } = volume.spec ?? {};
    return claimRef === undefined || `${claimRef.namespace}/${claimRef.name}` === key;
  }
}

/** What rests on volumes alone, made anew only after they have changed. */
export function perVersion<T>(volumes: Volumes, make: () => T): () => T {
  let version = -1;
  let made: T;
  return () => {
    if (version !== volumes.version) {
      version = volumes.version;
      made = make();
    }
    return made;
  };
}

function set<T>(map: Map<string, T>, key: string, value: T | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}

const nameOf = ({ metadata }: V1PersistentVolume) => metadata?.name ?? '';

function suits({ spec, metadata }: V1PersistentVolume, claim: V1PersistentVolumeClaim): boolean {
  if (metadata?.deletionTimestamp) return false;
  if ((spec?.storageClassName ?? '') !== (claim.spec?.storageClassName ?? '')) return false;
  if ((spec?.volumeMode ?? 'Filesystem') !== (claim.spec?.volumeMode ?? 'Filesystem')) return false;
  const modes = spec?.accessModes ?? [];
  if (!(claim.spec?.accessModes ?? []).every((mode) => modes.includes(mode))) return false;
  return (
    claim.spec?.selector === undefined || matchesLabels(labelSelectorOf(claim.spec.selector), metadata?.labels ?? {})
  );
}

/** The claims that a pod uses, as `namespace/name`; those of ephemeral volumes are named after pod and volume. */
export function claimsOf({ metadata, spec }: V1Pod): string[] {
  const keys: string[] = [];
  for (const { name, persistentVolumeClaim, ephemeral } of spec?.volumes ?? []) {
    if (persistentVolumeClaim) keys.push(`${metadata?.namespace}/${persistentVolumeClaim.claimName}`);
    else if (ephemeral) keys.push(`${metadata?.namespace}/${metadata?.name}-${name}`);
  }
  return keys;
}
