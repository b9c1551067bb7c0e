import type { ResourceDefinition } from '../../api/definition.ts';
import type {
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1VolumeAttributesClass,
} from '../../api/gen/types.ts';
import { persistentvolumes } from '../../api/kinds/persistentvolume.ts';
import { persistentvolumeclaims } from '../../api/kinds/persistentvolumeclaim.ts';
import { pods } from '../../api/kinds/pod.ts';
import { volumeattributesclasses } from '../../api/kinds/volumeattributesclass.ts';
import { type KubeObject, nameOf, objectKey } from '../../api/meta.ts';
import { Controller, type ControllerContext } from '../../reconcile/controller.ts';
import { isPodTerminal } from '../../reconcile/pods.ts';
import { unlessMissing } from '../../reconcile/retry.ts';
import { classesOfClaim, classesOfVolume } from './compute.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const classFinalizer = 'kubernetes.io/vac-protection';
const byClaim = 'claim';
const byClass = 'class';

/** Keys of the claims that a pod names, those that are made for it included. */
function claimsOf(pod: V1Pod): string[] {
  const { name: podName = '', namespace } = pod.metadata ?? {};
  return (pod.spec?.volumes ?? []).flatMap(({ name, ephemeral, persistentVolumeClaim: claim }) => {
    const claimName = claim?.claimName ?? (ephemeral ? `${podName}-${name}` : undefined);
    return claimName === undefined ? [] : [objectKey({ namespace, name: claimName })];
  });
}

/** Lets deleted claims go once no pod uses them. */
export function newClaimProtectionController(context: ControllerContext): Controller {
  const claims = context.informers.of(persistentvolumeclaims);
  const users = context.informers.of(pods).addIndex(byClaim, (pod) => (isPodTerminal(pod) ? [] : claimsOf(pod)));
  const controller = new Controller(context, {
    name: 'persistentvolumeclaim-protection',
    caches: [claims, users],
    workers: 1,
    reconcile: async (key) => {
      const claim = claims.get(key);
      if (claim?.metadata?.deletionTimestamp && users.byIndex(byClaim, key).length === 0) {
        await release(context, persistentvolumeclaims, claim, claimFinalizer);
      }
      return {};
    },
  });
  const enqueue = (claim: V1PersistentVolumeClaim) => controller.enqueue(objectKey(nameOf(claim)));
  const enqueueUsed = (pod: V1Pod) => {
    for (const key of claimsOf(pod)) controller.enqueue(key);
  };
  claims.addHandler({ added: enqueue, updated: enqueue });
  users.addHandler({ updated: enqueueUsed, deleted: enqueueUsed });
  return controller;
}

/** Lets deleted volumes go once no claim holds them. */
export function newVolumeProtectionController(context: ControllerContext): Controller {
  const volumes = context.informers.of(persistentvolumes);
  const controller = new Controller(context, {
    name: 'persistentvolume-protection',
    caches: [volumes],
    workers: 1,
    reconcile: async (key) => {
      const volume = volumes.get(key);
      if (volume?.metadata?.deletionTimestamp && volume.status?.phase !== 'Bound') {
        await release(context, persistentvolumes, volume, volumeFinalizer);
      }
      return {};
    },
  });
  const enqueue = (volume: V1PersistentVolume) => controller.enqueue(objectKey(nameOf(volume)));
  volumes.addHandler({ added: enqueue, updated: enqueue });
  return controller;
}

/** Lets deleted classes of attributes go once no claim and no volume has or wants them. */
export function newAttributesClassProtectionController(context: ControllerContext): Controller {
  const classes = context.informers.of(volumeattributesclasses);
  const claims = context.informers.of(persistentvolumeclaims).addIndex(byClass, classesOfClaim);
  const volumes = context.informers.of(persistentvolumes).addIndex(byClass, classesOfVolume);
  const controller = new Controller(context, {
    name: 'volumeattributesclass-protection',
    caches: [classes, claims, volumes],
    workers: 1,
    reconcile: async (name) => {
      const one = classes.get(name);
      const used = claims.byIndex(byClass, name).length > 0 || volumes.byIndex(byClass, name).length > 0;
      if (one?.metadata?.deletionTimestamp && !used) {
        await release(context, volumeattributesclasses, one, classFinalizer);
      }
      return {};
    },
  });
  const enqueue = (one: V1VolumeAttributesClass) => controller.enqueue(objectKey(nameOf(one)));
  const enqueueAll = (names: readonly string[]) => {
    for (const name of names) controller.enqueue(name);
  };
  classes.addHandler({ added: enqueue, updated: enqueue });
  const claimLeft = (claim: V1PersistentVolumeClaim) => enqueueAll(classesOfClaim(claim));
  const volumeLeft = (volume: V1PersistentVolume) => enqueueAll(classesOfVolume(volume));
  claims.addHandler({ updated: (_, before) => claimLeft(before), deleted: claimLeft });
  volumes.addHandler({ updated: (_, before) => volumeLeft(before), deleted: volumeLeft });
  return controller;
}

async function release<T extends KubeObject>(
  { client }: ControllerContext,
  definition: ResourceDefinition<T>,
  object: T,
  finalizer: string,
): Promise<void> {
  const { finalizers = [], uid, resourceVersion } = object.metadata ?? {};
  if (!finalizers.includes(finalizer)) return;
  const left = finalizers.filter((each) => each !== finalizer);
  const body = { metadata: { uid, resourceVersion, finalizers: left.length > 0 ? left : null } };
  await unlessMissing(client.patch(definition, nameOf(object), { type: 'merge', body }));
}
