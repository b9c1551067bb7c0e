import type { V1Pod } from '../api/gen/types.ts';

/** Names the group that a pod belongs to, within its namespace: its members are placed together or not at all. */
export const groupLabel = 'scheduling.berth.dev/pod-group';
/** How many members must have a node before any of them is bound; a label or an annotation, 1 when absent. */
export const minMemberKey = 'scheduling.berth.dev/min-member';
/** How long members hold nodes while room is being made for the others; an annotation. */
export const groupTimeoutKey = 'scheduling.berth.dev/group-timeout-seconds';
/** When the annotation is absent or no positive number. */
export const groupTimeoutSecondsDefault = 60;

/** The group of a pod that is placed with others or not at all. */
export interface Gang {
  /** `namespace/name`. */
  readonly key: string;
  readonly minMembers: number;
  readonly timeoutMs: number;
}

/** What the pod's labels say; undefined for a pod that goes by itself. */
export function gangOf({ metadata }: V1Pod): Gang | undefined {
  const name = metadata?.labels?.[groupLabel];
  if (!name) return undefined;
  const stated = Number(metadata?.labels?.[minMemberKey] ?? metadata?.annotations?.[minMemberKey]);
  const seconds = Number(metadata?.annotations?.[groupTimeoutKey]);
  return {
    key: `${metadata?.namespace ?? ''}/${name}`,
    minMembers: Number.isInteger(stated) && stated > 0 ? stated : 1,
    timeoutMs: (seconds > 0 ? seconds : groupTimeoutSecondsDefault) * 1000,
  };
}
