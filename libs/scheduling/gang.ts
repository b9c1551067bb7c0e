import type { V1Pod } from '../api/gen/types.ts';

/** Names the group that a pod belongs to, within its namespace: its members are placed together or not at all. */
export const groupLabel = 'scheduling.berth.dev/pod-group';
/** The same, where an object of the kind PodGroup says how. Source: the coscheduling plugin. */
export const podGroupLabel = 'scheduling.x-k8s.io/pod-group';
/** How many members must have a node before any of them is bound; a label or an annotation, 1 when absent. */
export const minMemberKey = 'scheduling.berth.dev/min-member';
/** How long members hold nodes while room is being made for the others; an annotation. */
export const groupTimeoutKey = 'scheduling.berth.dev/group-timeout-seconds';
/** When nothing or no positive number is stated. */
const groupTimeoutSecondsDefault = 60;

/** When a group's members are bound. */
export interface GangRule {
  readonly minMembers: number;
  readonly timeoutMs: number;
}

/** The group of a pod that is placed with others or not at all. */
export interface Gang {
  /** `namespace/name`. */
  readonly key: string;
  /** What the pod itself says; undefined where an object does. */
  readonly rule: GangRule | undefined;
}

/** What the pod's labels say; undefined for a pod that goes by itself. */
export function gangOf({ metadata }: V1Pod): Gang | undefined {
  const labels = metadata?.labels;
  if (labels === undefined) return undefined;
  const name = labels[groupLabel] || labels[podGroupLabel];
  if (!name) return undefined;
  const key = `${metadata?.namespace ?? ''}/${name}`;
  if (!labels[groupLabel]) return { key, rule: undefined };
  const stated = Number(labels[minMemberKey] ?? metadata?.annotations?.[minMemberKey]);
  return { key, rule: gangRule(stated, Number(metadata?.annotations?.[groupTimeoutKey])) };
}

/** What is absurd counts as not stated. */
export function gangRule(minMembers: number | undefined, timeoutSeconds: number | undefined): GangRule {
  return {
    minMembers: minMembers !== undefined && Number.isInteger(minMembers) && minMembers > 0 ? minMembers : 1,
    timeoutMs:
      (timeoutSeconds !== undefined && timeoutSeconds > 0 ? timeoutSeconds : groupTimeoutSecondsDefault) * 1000,
  };
}
