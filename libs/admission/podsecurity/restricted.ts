import type { V1Container, V1Volume } from '../../api/gen/types.ts';
import { seccompProfile } from './baseline.ts';
import { type Check, containersOf, named, plural, quoted, setters, sorted } from './subject.ts';

/** The checks that the restricted standard has on top: what a hardened pod must say. */

export const allowPrivilegeEscalation: Check = (subject) => {
  const bad = containersOf(subject).filter(
    ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
  );
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${named(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

export const restrictedCapabilities: Check = (subject) => {
  const added = ({ securityContext }: V1Container) =>
    (securityContext?.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');
  const all = containersOf(subject);
  const keeping = all.filter(({ securityContext }) => !securityContext?.capabilities?.drop?.includes('ALL'));
  const adding = all.filter((container) => added(container).length > 0);
  const details = [];
  if (keeping.length > 0) details.push(`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const what = quoted(sorted(adding.flatMap(added)));
    details.push(`${named(adding)} must not include ${what} in securityContext.capabilities.add`);
  }
  return details.length > 0 ? { reason: 'unrestricted capabilities', detail: details.join('; ') } : undefined;
};

const plainVolumes = new Set(
  'configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected secret'.split(' '),
);
const otherVolumes = new Set(
  (
    'hostPath gcePersistentDisk awsElasticBlockStore gitRepo nfs iscsi glusterfs rbd flexVolume cinder cephfs flocker ' +
    'fc azureFile vsphereVolume quobyte azureDisk photonPersistentDisk portworxVolume scaleIO storageos'
  ).split(' '),
);

export const restrictedVolumes: Check = ({ spec }) => {
  const kindsOf = (volume: V1Volume) =>
    Object.entries(volume).flatMap(([kind, source]) => (kind !== 'name' && source ? kind : []));
  const bad = (spec.volumes ?? []).filter((volume) => !kindsOf(volume).some((kind) => plainVolumes.has(kind)));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map((volume) => kindsOf(volume).find((kind) => otherVolumes.has(kind)) ?? 'unknown'));
  const who = `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))}`;
  const verb = bad.length === 1 ? 'uses' : 'use';
  return {
    reason: 'restricted volume types',
    detail: `${who} ${verb} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
  };
};

export const runAsNonRoot: Check = (subject) => {
  const reason = 'runAsNonRoot != true';
  const who = setters(subject, (context) => context.runAsNonRoot === false);
  if (who !== undefined) return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
  if (subject.spec.securityContext?.runAsNonRoot) return undefined;
  const silent = containersOf(subject).filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${named(silent)} must set securityContext.runAsNonRoot=true` };
};

export const runAsUser: Check = (subject) => {
  const who = setters(subject, (context) => context.runAsUser === 0);
  return who === undefined ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` };
};

export const restrictedSeccomp: Check = (subject) => {
  const wrong = seccompProfile(subject);
  if (wrong || subject.spec.securityContext?.seccompProfile) return wrong;
  const silent = containersOf(subject).filter(({ securityContext }) => !securityContext?.seccompProfile);
  if (silent.length === 0) return undefined;
  const what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"';
  return { reason: 'seccompProfile', detail: `pod or ${named(silent)} ${what}` };
};
