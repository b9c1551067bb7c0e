import type { V1PersistentVolume, V1Pod, V1TopologySelectorTerm } from '../../api/gen/types.ts';
import type { NodeTable } from '../node-table.ts';
import { meetsTerm } from '../node-terms.ts';
import { type Plugin, type Refusal, wakesOn } from '../plugin.ts';
import { perVersion, type Volumes } from '../volumes.ts';

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
    const needs = perVersion(volumes, () => claims.map((key) => needOf(key, pod, volumes)));
    return {
      isResolvable: false,
      objection: () => needs().find(({ objection }) => objection !== undefined)?.objection,
      local: {
        epoch: () => volumes.version,
        filter(slot) {
          let refusals: Refusal | undefined;
          for (const need of needs()) {
            const refusal = refusalOf(need, table, slot);
            if (refusal === undefined || refusals?.split('\n').includes(refusal)) continue;
            refusals = refusals === undefined ? refusal : `${refusals}\n${refusal}`;
          }
          return refusals;
        },
      },
    };
  },
};

/** What a claim asks of a node: one of its volumes that can be used there, or a place where one can be made. */
interface Need {
  /** Why no node at all will do. */
  readonly objection?: Refusal;
  /** What a node lacks where none of the volumes can be used. */
  readonly reason: Refusal;
  readonly volumes: readonly V1PersistentVolume[];
  /** Where a volume can be made: everywhere when empty, nowhere when absent. */
  readonly topologies?: readonly V1TopologySelectorTerm[];
}

function needOf(key: string, pod: V1Pod, volumes: Volumes): Need {
  const state = volumes.stateOf(key);
  const objection = objectionTo(key, pod, volumes);
  if (objection !== undefined) return { objection, reason: objection, volumes: [] };
  if (state.kind === 'bound') return { reason: affinityReason, volumes: state.volume ? [state.volume] : [] };
  const claim = volumes.claim(key);
  const canBeMade = claim !== undefined && volumes.canProvision(claim);
  const topologies = canBeMade ? (volumes.classOf(claim)?.allowedTopologies ?? []) : undefined;
  return { reason: noVolumeReason, volumes: volumes.suiting(key), topologies };
}

function refusalOf(need: Need, table: NodeTable, slot: number): Refusal | undefined {
  for (const volume of need.volumes) if (admitsVolume(volume, table, slot)) return undefined;
  return need.topologies !== undefined && liesIn(need.topologies, table, slot) ? undefined : need.reason;
}

function liesIn(topologies: readonly V1TopologySelectorTerm[], table: NodeTable, slot: number): boolean {
  if (topologies.length === 0) return true;
  const labels = table.labels(slot);
  return topologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? '')),
  );
}

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
