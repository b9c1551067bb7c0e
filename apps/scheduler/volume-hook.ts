import type { V1PersistentVolume, V1PersistentVolumeClaim } from '../../libs/api/gen/types.ts';
import { persistentvolumes } from '../../libs/api/kinds/persistentvolume.ts';
import { persistentvolumeclaims } from '../../libs/api/kinds/persistentvolumeclaim.ts';
import { type Clock, sleep } from '../../libs/base/clock.ts';
import type { Client } from '../../libs/client/client.ts';
import type { Cluster } from '../../libs/scheduling/cluster.ts';
import type { SchedulingHook } from '../../libs/scheduling/hooks.ts';
import { admitsVolume, noVolumeReason } from '../../libs/scheduling/plugins/volume-binding.ts';
import type { PodInfo } from '../../libs/scheduling/pod-info.ts';

/** Tells who makes volumes where the claim's pod goes. */
const selectedNode = 'volume.kubernetes.io/selected-node';
const bindCompleted = 'pv.kubernetes.io/bind-completed';
/** How long a pod's claims may take to be bound before it is tried elsewhere. Source: kube-scheduler. */
export const volumeBindingMsMax = 10 * 60_000;
const checkMs = 250;

/** What is to be done for one claim before its pod is bound. */
interface Step {
  key: string;
  claim: V1PersistentVolumeClaim;
  /** The volume that it gets; absent for one that is to be made. */
  volume?: V1PersistentVolume;
}

export interface VolumeHookParts {
  client: Client;
  cluster: Cluster;
  clock: Clock;
}

/** Finds volumes for claims that wait for their pod, and binds them, or has them made, before the pod is bound. */
export function volumeHook({ client, cluster, clock }: VolumeHookParts): SchedulingHook {
  const { volumes, table } = cluster;
  const stepsOf = new Map<string, Step[]>();
  const unreserve = ({ uid }: PodInfo) => {
    for (const { key } of stepsOf.get(uid) ?? []) volumes.withdraw(key);
    stepsOf.delete(uid);
  };
  return {
    name: 'VolumeBinding',
    reserve(info, nodeName) {
      const waiting = info.shape.claims.filter((key) => volumes.stateOf(key).kind === 'unbound');
      if (waiting.length === 0) return undefined;
      const slot = table.slotOf(nodeName)!;
      const steps: Step[] = [];
      stepsOf.set(info.uid, steps);
      for (const key of waiting) {
        const claim = volumes.claim(key)!;
        const volume = volumes.suiting(key).find((each) => admitsVolume(each, table, slot));
        if (volume === undefined && !volumes.canProvision(claim)) {
          unreserve(info);
          return noVolumeReason;
        }
        if (volume !== undefined) volumes.promise(volume, key);
        steps.push({ key, claim, ...(volume && { volume }) });
      }
      return undefined;
    },
    unreserve,
    prepare(info, nodeName) {
      const steps = stepsOf.get(info.uid);
      if (steps === undefined) return undefined;
      return Promise.all(steps.map((step) => carryOut(step, nodeName))).then(() => unreserve(info));
    },
  };

  async function carryOut({ key, claim, volume }: Step, nodeName: string): Promise<void> {
    if (volume !== undefined) return bindVolume(client, claim, volume);
    const { namespace, name = '' } = claim.metadata ?? {};
    const body = { metadata: { annotations: { [selectedNode]: nodeName } } };
    await client.patch(persistentvolumeclaims, { namespace, name }, { type: 'merge', body });
    const endMs = clock.monotonic() + volumeBindingMsMax;
    while (volumes.stateOf(key).kind === 'unbound') {
      if (clock.monotonic() > endMs) throw new Error(`no volume was made for the claim ${key} in time`);
      await sleep(clock, checkMs);
    }
    if (volumes.stateOf(key).kind !== 'bound') throw new Error(`the claim ${key} has gone`);
  }
}

/** Writes the volume's side first, guarded by its version: of two that want it one gets it. */
async function bindVolume(
  client: Client,
  { metadata, spec }: V1PersistentVolumeClaim,
  volume: V1PersistentVolume,
): Promise<void> {
  const { namespace, name = '', uid } = metadata ?? {};
  const volumeName = volume.metadata?.name ?? '';
  const { resourceVersion } = volume.metadata ?? {};
  const claimRef = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid };
  const merge = (body: object) => ({ type: 'merge' as const, body });
  const status = { subresource: 'status' } as const;
  const ofVolume = { name: volumeName };
  const ofClaim = { namespace, name };
  await client.patch(persistentvolumes, ofVolume, merge({ metadata: { resourceVersion }, spec: { claimRef } }));
  const bound = { metadata: { annotations: { [bindCompleted]: 'yes' } }, spec: { volumeName } };
  await client.patch(persistentvolumeclaims, ofClaim, merge(bound));
  await client.patch(persistentvolumes, ofVolume, merge({ status: { phase: 'Bound' } }), status);
  const held = { phase: 'Bound', accessModes: spec?.accessModes, capacity: volume.spec?.capacity };
  await client.patch(persistentvolumeclaims, ofClaim, merge({ status: held }), status);
}
