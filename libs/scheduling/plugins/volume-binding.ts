import type { V1PersistentVolume, V1Pod } from '../../api/gen/types.ts';
import type { NodeTable } from '../node-table.ts';
import { meetsTerm } from '../node-terms.ts';
import { type Plugin, type Refusal, wakesOn } from '../plugin.ts';
import type { Volumes } from '../volumes.ts';

export const affinityReason = "node(s) didn't match PersistentVolume's node affinity";
export const noVolumeReason = "node(s) didn't find available persistent volumes to bind";
export const immediateReason = 'pod has unbound immediate PersistentVolumeClaims';
const missingReason = (name: string) => `persistentvolumeclaim "${name}" not found`;
const ephemeralReason = (name: string) =>
  `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`;
const lostReason = (name: string) => `persistentvolume "${name}" not found`;
const deletingReason = (name: string) => `persistentvolumeclaim "${name}" is being deleted`;

/** Whether a node can use a volume. */
export function admitsVolume({ spec }: V1PersistentVolume, table: NodeTable, slot: number): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms;
  return terms === undefined || terms.some((term) => meetsTerm(term, table, slot));
}

/** Keeps a pod to nodes that can use the volumes of its claims, those they have and those they can get. */
export const volumeBinding: Plugin = {
  name: 'VolumeBinding',
  wakesOn: wakesOn.nodeAdded | wakesOn.nodeLabels | wakesOn.volumes,
  judge({ claims, pod }, _labels, { table, volumes }) {
    if (claims.length === 0) return undefined;
    return {
      isResolvable: false,
      objection() {
        for (const key of claims) {
          const objection = objectionTo(key, pod, volumes);
          if (objection !== undefined) return objection;
        }
        return undefined;
      },
      local: {
        epoch: () => volumes.version,
        filter(slot) {
          const reasons = new Set<Refusal>();
          for (const key of claims) {
            const refusal = objectionTo(key, pod, volumes) ?? refusalOf(key, volumes, { table, slot });
            if (refusal !== undefined) reasons.add(refusal);
          }
          return reasons.size === 0 ? undefined : [...reasons].join('\n');
        },
      },
    };
  },
};

/** What is wrong with a claim wherever the pod goes. */
function objectionTo(key: string, pod: V1Pod, volumes: Volumes): Refusal | undefined {
  const state = volumes.stateOf(key);
  const name = key.slice(key.indexOf('/') + 1);
  if (state.kind === 'missing') return isEphemeral(name, pod) ? ephemeralReason(name) : missingReason(name);
  if (state.kind === 'deleting') return deletingReason(name);
  if (state.kind === 'bound' && state.volume === undefined)
    return lostReason(volumes.claim(key)?.spec?.volumeName ?? '');
  return state.kind === 'unbound' && !state.waitsForPod ? immediateReason : undefined;
}

/** Whether the claim is one that is made for a volume of the pod. */
function isEphemeral(name: string, { spec }: V1Pod): boolean {
  return !spec?.volumes?.some(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName === name);
}

function refusalOf(
  key: string,
  volumes: Volumes,
  { table, slot }: { table: NodeTable; slot: number },
): Refusal | undefined {
  const state = volumes.stateOf(key);
  const admits = (volume: V1PersistentVolume) => admitsVolume(volume, table, slot);
  switch (state.kind) {
    case 'missing':
    case 'deleting':
      return undefined;
    case 'bound':
      return state.volume === undefined || admits(state.volume) ? undefined : affinityReason;
    case 'unbound': {
      const isThere = volumes.suiting(key, admits).next().done === false;
      return isThere || canBeMadeAt(key, volumes, { table, slot }) ? undefined : noVolumeReason;
    }
  }
}

/** Whether a volume can be made for the claim that is usable at the node. */
function canBeMadeAt(key: string, volumes: Volumes, { table, slot }: { table: NodeTable; slot: number }): boolean {
  const claim = volumes.claim(key);
  if (claim === undefined || !volumes.canProvision(claim)) return false;
  const topologies = volumes.classOf(claim)?.allowedTopologies ?? [];
  const labels = table.labels(slot);
  return (
    topologies.length === 0 ||
    topologies.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key: label, values }) => values.includes(labels[label] ?? '')),
    )
  );
}
