import type { V1ContainerStatus, V1Pod, V1PodCondition } from '../api/gen/types.ts';
import { rfc3339 } from '../base/clock.ts';
import type { PodPhase } from './phase.ts';
import { isSidecar } from './spec.ts';

/** The conditions that the agent writes; every other one belongs to somebody else and is kept. */
const own = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'PodResizePending',
  'PodResizeInProgress',
]);

type Finding = Pick<V1PodCondition, 'status' | 'reason' | 'message'>;

export interface ConditionFacts {
  pod: V1Pod;
  phase: PodPhase;
  statuses: ReadonlyMap<string, V1ContainerStatus>;
  /** A sandbox with its network exists. */
  sandboxReady: boolean;
  /** A container has not yet the resources that the pod asks for. */
  resizing: boolean;
  /** Why it does not get them. */
  resizeRefusal?: { reason: string; message: string };
  /** Why the node has evicted the pod. */
  eviction?: string;
  nowMs: number;
}

function unready(text: string, names: string[]): string[] {
  return names.length > 0 ? [`containers with ${text} status: [${names.join(' ')}]`] : [];
}

function initialized(facts: ConditionFacts): Finding {
  const inits = facts.pod.spec?.initContainers ?? [];
  const open = inits.filter((container) => {
    const status = facts.statuses.get(container.name);
    return !(isSidecar(container) ? status?.started : status?.ready);
  });
  if (facts.phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  const mains = facts.pod.spec?.containers ?? [];
  const ran = mains.some(({ name }) => {
    const status = facts.statuses.get(name);
    return status?.state?.running || status?.state?.terminated || status?.lastState?.terminated || status?.started;
  });
  if (ran || open.length === 0) return { status: 'True' };
  const message = unready(
    'incomplete',
    open.map(({ name }) => name),
  ).join(', ');
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}

function containersReady(facts: ConditionFacts): Finding {
  if (facts.phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (facts.phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const spec = facts.pod.spec;
  const counted = [...(spec?.initContainers ?? []).filter(isSidecar), ...(spec?.containers ?? [])];
  const names = counted.map(({ name }) => name).filter((name) => !facts.statuses.get(name)?.ready);
  if (names.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ContainersNotReady', message: unready('unready', names).join(', ') };
}

function ready(facts: ConditionFacts, containers: Finding): Finding {
  if (containers.status !== 'True') return containers;
  const conditions = facts.pod.status?.conditions ?? [];
  const closed = (facts.pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = conditions.find(({ type }) => type === conditionType);
    if (!condition) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`];
    if (condition.status === 'True') return [];
    return [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`];
  });
  if (closed.length === 0) return { status: 'True' };
  return { status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
}

function resize({ resizing, resizeRefusal }: ConditionFacts): Array<[string, Finding]> {
  if (resizeRefusal) return [['PodResizePending', { status: 'True', ...resizeRefusal }]];
  return resizing ? [['PodResizeInProgress', { status: 'True' }]] : [];
}

function disruption({ eviction }: ConditionFacts): Array<[string, Finding]> {
  if (eviction === undefined) return [];
  return [['DisruptionTarget', { status: 'True', reason: 'TerminationByKubelet', message: eviction }]];
}

/** All conditions of the pod, those of others first; a time changes only when its status does. */
export function podConditions(facts: ConditionFacts, previous: readonly V1PodCondition[]): V1PodCondition[] {
  const containers = containersReady(facts);
  const findings: Array<[string, Finding]> = [
    ['PodReadyToStartContainers', { status: facts.sandboxReady ? 'True' : 'False' }],
    ['Initialized', initialized(facts)],
    ['Ready', ready(facts, containers)],
    ['ContainersReady', containers],
    ['PodScheduled', { status: 'True' }],
    ...resize(facts),
    ...disruption(facts),
  ];
  const named = new Set(findings.map(([type]) => type));
  const others = (facts.pod.status?.conditions ?? []).filter(({ type }) => !own.has(type) && !named.has(type));
  const generation = facts.pod.metadata?.generation;
  const mine = findings.map(([type, finding]): V1PodCondition => {
    const before = previous.find((condition) => condition.type === type);
    const same = before?.status === finding.status;
    return {
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status: finding.status,
      lastTransitionTime: (same ? before.lastTransitionTime : undefined) ?? rfc3339(facts.nowMs),
      ...(finding.reason ? { reason: finding.reason } : {}),
      ...(finding.message ? { message: finding.message } : {}),
    };
  });
  return [...others, ...mine];
}
