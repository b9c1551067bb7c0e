import { isDeepStrictEqual } from 'node:util';
import type { V1PodCondition, V1PodStatus } from '../../../libs/api/gen/types.ts';

const terminal = new Set(['Succeeded', 'Failed']);

/**
 * The status to write: what the agent reports, and of the present one what others own. A pod that has ended stays
 * ended. Undefined when nothing would change.
 */
export function mergePodStatus(present: V1PodStatus | undefined, reported: V1PodStatus): V1PodStatus | undefined {
  const before = present ?? {};
  const merged: V1PodStatus = {
    ...reported,
    conditions: mergeConditions(before.conditions ?? [], reported.conditions ?? []),
    qosClass: reported.qosClass ?? before.qosClass,
    startTime: before.startTime ?? reported.startTime,
    nominatedNodeName: before.nominatedNodeName,
  };
  if (before.phase && terminal.has(before.phase) && !terminal.has(reported.phase ?? '')) merged.phase = before.phase;
  const status = JSON.parse(JSON.stringify(merged)) as V1PodStatus;
  return isDeepStrictEqual(status, before) ? undefined : status;
}

/** Conditions that hold only while the agent names them. */
const passing = ['PodResizePending', 'PodResizeInProgress'];

/** The agent's conditions, after those of other owners (PodScheduled, readiness gates) that it does not name. */
function mergeConditions(present: readonly V1PodCondition[], reported: readonly V1PodCondition[]): V1PodCondition[] {
  const named = new Set([...passing, ...reported.map((condition) => condition.type)]);
  return [...reported, ...present.filter((condition) => !named.has(condition.type))];
}
