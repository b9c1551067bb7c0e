import type { V1Container, V1ContainerStatus, V1Pod } from '../api/gen/types.ts';
import { isSidecar, restartsAfter } from './spec.ts';

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

interface Counts {
  initPending: number;
  sidecarPending: number;
  initFailedForGood: boolean;
  unknown: number;
  running: number;
  waiting: number;
  stopped: number;
  stoppedForGood: number;
  succeeded: number;
}

type StatusOf = (name: string) => V1ContainerStatus | undefined;

function countInit(
  counts: Counts,
  container: V1Container,
  status: V1ContainerStatus | undefined,
  policy: string,
): void {
  const ended = status?.state?.terminated ?? (status?.state?.waiting ? status.lastState?.terminated : undefined);
  if (!ended) counts.initPending += 1;
  else if (ended.exitCode !== 0 && !restartsAfter(container, policy, ended.exitCode)) counts.initFailedForGood = true;
}

function countSidecar(counts: Counts, status: V1ContainerStatus | undefined): void {
  if (!status) counts.unknown += 1;
  else if (status.state?.running) {
    if (!status.started) counts.sidecarPending += 1;
    counts.running += 1;
  } else if (status.state?.waiting && !status.lastState?.terminated) {
    counts.sidecarPending += 1;
    counts.waiting += 1;
  }
}

function countMain(
  counts: Counts,
  container: V1Container,
  status: V1ContainerStatus | undefined,
  policy: string,
): void {
  if (!status) counts.unknown += 1;
  else if (status.state?.running) counts.running += 1;
  else {
    const ended = status.state?.terminated ?? status.lastState?.terminated;
    if (!ended) {
      counts.waiting += 1;
      return;
    }
    counts.stopped += 1;
    if (!restartsAfter(container, policy, ended.exitCode)) counts.stoppedForGood += 1;
    if (status.state?.terminated && ended.exitCode === 0) counts.succeeded += 1;
  }
}

function count(pod: V1Pod, statusOf: StatusOf): Counts {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  const counts: Counts = {
    initPending: 0,
    sidecarPending: 0,
    initFailedForGood: false,
    unknown: 0,
    running: 0,
    waiting: 0,
    stopped: 0,
    stoppedForGood: 0,
    succeeded: 0,
  };
  for (const container of pod.spec?.initContainers ?? []) {
    if (isSidecar(container)) countSidecar(counts, statusOf(container.name));
    else countInit(counts, container, statusOf(container.name), policy);
  }
  for (const container of pod.spec?.containers ?? []) countMain(counts, container, statusOf(container.name), policy);
  return counts;
}

/**
 * The phase that a pod's container statuses amount to. `ending`: nothing will be started again; `initialized`: a main
 * container has run. Source: Kubernetes documentation, "Pod phase".
 */
export function phaseOf(pod: V1Pod, statusOf: StatusOf, facts: { ending: boolean; initialized: boolean }): PodPhase {
  const counts = count(pod, statusOf);
  if (counts.initFailedForGood) return 'Failed';
  if (counts.initPending > 0 || (counts.sidecarPending > 0 && !facts.initialized)) return 'Pending';
  if (counts.waiting > 0) return 'Pending';
  if (counts.unknown > 0) return 'Pending';
  if (counts.running > 0) return 'Running';
  if (counts.stopped === 0) return 'Pending';
  if (!facts.ending && counts.stopped !== counts.stoppedForGood) return 'Running';
  return counts.stopped === counts.succeeded ? 'Succeeded' : 'Failed';
}
