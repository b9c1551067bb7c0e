import type { V1Lease, V1Node, V1NodeCondition, V1Taint } from '../../api/gen/types.ts';
import { rfc3339 } from '../../base/clock.ts';

/** A node whose agent never came is given up after this long. */
export const startupGraceMs = 60_000;
/** A node that gives signs of life by itself, as kubelets do, is given up after this long without one. */
export const signGraceMs = 50_000;

const prefix = 'node.kubernetes.io/';
export const notReadyTaint = `${prefix}not-ready`;
export const unreachableTaint = `${prefix}unreachable`;

/** Conditions that an agent reports, and that nobody knows when it is silent. */
const reportedConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** Which condition keeps new pods away by which taint. */
const pressureTaints: Record<string, string> = {
  MemoryPressure: `${prefix}memory-pressure`,
  DiskPressure: `${prefix}disk-pressure`,
  PIDPressure: `${prefix}pid-pressure`,
  NetworkUnavailable: `${prefix}network-unavailable`,
};

/** The taints that follow from the node's state; all others belong to people. */
const managedTaints = new Set([
  notReadyTaint,
  unreachableTaint,
  `${prefix}unschedulable`,
  ...Object.values(pressureTaints),
]);

const statusOf = (node: V1Node, type: string) =>
  node.status?.conditions?.find((condition) => condition.type === type)?.status;

export type Silence = { silent: false; checkInMs?: number } | { silent: true; reason: string; message: string };

const stopped = { silent: true, reason: 'NodeStatusUnknown', message: 'The node agent stopped reporting.' } as const;

/** Whether the node says of itself that it can run pods. */
export const isReady = (node: V1Node): boolean => statusOf(node, 'Ready') === 'True';

/**
 * What changes with each sign of life of a node whose agent has no session with a server: kubelets and whatever acts as
 * one renew their Lease or what they say of the node, and either counts. Undefined before the first.
 */
export function signOf(node: V1Node, lease: V1Lease | undefined): string | undefined {
  const heartbeat = node.status?.conditions?.find(({ type }) => type === 'Ready')?.lastHeartbeatTime;
  return lease ? `${lease.spec?.renewTime ?? ''} ${heartbeat ?? ''}` : heartbeat;
}

export interface SilenceOptions {
  nowMs: number;
  /** Whether the Lease stands for a session with a server, which releases it rather than renewing it. */
  session?: boolean;
  /** For how long the node has given no sign of life while its signs could be seen; undefined where it never gave one. */
  quietMs?: number;
}

/** Whether nobody speaks for the node: its session was released, it never had one, or it has been quiet for too long. */
export function silenceOf(node: V1Node, lease: V1Lease | undefined, options: SilenceOptions): Silence {
  const { nowMs, session = false, quietMs } = options;
  if (lease && session) return lease.spec?.holderIdentity ? { silent: false } : stopped;
  if (quietMs !== undefined) {
    return quietMs < signGraceMs ? { silent: false, checkInMs: signGraceMs - quietMs } : stopped;
  }
  const ageMs = nowMs - Date.parse(node.metadata?.creationTimestamp ?? '');
  if (ageMs < startupGraceMs) return { silent: false, checkInMs: startupGraceMs - ageMs };
  return { silent: true, reason: 'NodeStatusNeverUpdated', message: 'The node agent never reported.' };
}

/** The conditions of a silent node; undefined when they say so already. */
export function unknownConditions(
  node: V1Node,
  silence: { reason: string; message: string },
  nowMs: number,
): V1NodeCondition[] | undefined {
  if (reportedConditions.every((type) => statusOf(node, type) === 'Unknown')) return undefined;
  const now = rfc3339(nowMs);
  const conditions = [...(node.status?.conditions ?? [])];
  for (const type of reportedConditions) {
    const at = conditions.findIndex((condition) => condition.type === type);
    const before = conditions[at];
    if (before?.status === 'Unknown') continue;
    const lastHeartbeatTime = before?.lastHeartbeatTime ?? node.metadata?.creationTimestamp;
    const { reason, message } = silence;
    const unknown = { type, status: 'Unknown', lastHeartbeatTime, lastTransitionTime: now, reason, message };
    conditions.splice(at < 0 ? conditions.length : at, at < 0 ? 0 : 1, unknown);
  }
  return conditions;
}

/**
 * The node's taints as its conditions ask; undefined when they are so already. `evict` false spares the pods of a node
 * that cannot be reached.
 */
export function computeTaints(node: V1Node, nowMs: number, evict = true): V1Taint[] | undefined {
  const wanted = wantedTaints(node).filter(
    ({ key, effect }) => evict || key !== unreachableTaint || effect !== 'NoExecute',
  );
  const current = node.spec?.taints ?? [];
  const same = (one: V1Taint, other: V1Taint) => one.key === other.key && one.effect === other.effect;
  const kept = current.filter((taint) => !managedTaints.has(taint.key) || wanted.some((other) => same(taint, other)));
  const missing = wanted.filter((taint) => !current.some((other) => same(taint, other)));
  if (missing.length === 0 && kept.length === current.length) return undefined;
  return [...kept, ...missing.map((taint) => ({ ...taint, timeAdded: rfc3339(nowMs) }))];
}

function wantedTaints(node: V1Node): V1Taint[] {
  const ready = statusOf(node, 'Ready');
  const taints: V1Taint[] = [];
  if (ready === 'Unknown') {
    taints.push({ key: unreachableTaint, effect: 'NoSchedule' }, { key: unreachableTaint, effect: 'NoExecute' });
  } else if (ready === 'False') {
    taints.push({ key: notReadyTaint, effect: 'NoSchedule' }, { key: notReadyTaint, effect: 'NoExecute' });
  } else if (ready === undefined) taints.push({ key: notReadyTaint, effect: 'NoSchedule' });
  for (const [type, key] of Object.entries(pressureTaints)) {
    if (statusOf(node, type) === 'True') taints.push({ key, effect: 'NoSchedule' });
  }
  if (node.spec?.unschedulable) taints.push({ key: `${prefix}unschedulable`, effect: 'NoSchedule' });
  return taints;
}
