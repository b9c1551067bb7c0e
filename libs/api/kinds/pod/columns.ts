import type { PrinterColumn, RowCondition } from '../../definition.ts';
import type { V1ContainerStatus, V1Pod } from '../../gen/types.ts';
import { ageColumn, Elapsed, nameColumn, orNone, text, wide } from '../cells.ts';

/** What a row about a pod says of its containers. */
export interface PodSummary {
  ready: number;
  total: number;
  reason: string;
  restarts: number;
  /** Time of the last restart; '' when there was none. */
  lastRestart: string;
}

class Restarts {
  count = 0;
  last = '';

  add(status: V1ContainerStatus): void {
    this.count += status.restartCount ?? 0;
    const finished = status.lastState?.terminated?.finishedAt;
    if (finished && finished > this.last) this.last = finished;
  }
}

function endedReason(status: V1ContainerStatus): string {
  const { reason, signal, exitCode } = status.state!.terminated!;
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

interface Progress {
  reason: string | undefined;
  ready: number;
  /** Restarts of all init containers, and of those that run beside the others. */
  all: Restarts;
  sidecars: Restarts;
}

function initProgress(pod: V1Pod): Progress {
  const progress: Progress = { reason: undefined, ready: 0, all: new Restarts(), sidecars: new Restarts() };
  const containers = pod.spec?.initContainers ?? [];
  for (const [i, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    const sidecar = containers.find((c) => c.name === status.name)?.restartPolicy === 'Always';
    progress.all.add(status);
    if (sidecar) progress.sidecars.add(status);
    const { terminated, waiting } = status.state ?? {};
    if (terminated && terminated.exitCode === 0) continue;
    if (sidecar && status.started) {
      if (status.ready) progress.ready++;
      continue;
    }
    if (terminated) progress.reason = `Init:${endedReason(status)}`;
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') progress.reason = `Init:${waiting.reason}`;
    else progress.reason = `Init:${i}/${containers.length}`;
    break;
  }
  return progress;
}

function hasCondition(pod: V1Pod, type: string): boolean {
  return !!pod.status?.conditions?.some((c) => c.type === type && c.status === 'True');
}

function runningProgress(pod: V1Pod, summary: PodSummary, restarts: Restarts): void {
  let running = false;
  let failure = '';
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    restarts.add(status);
    if (status.state?.waiting?.reason) summary.reason = status.state.waiting.reason;
    else if (status.state?.terminated) {
      summary.reason = endedReason(status);
      if (status.state.terminated.exitCode !== 0) failure = summary.reason;
    } else if (status.ready && status.state?.running) {
      running = true;
      summary.ready++;
    }
  }
  if (summary.reason !== 'Completed') return;
  if (running && hasCondition(pod, 'Ready')) summary.reason = 'Running';
  else if (failure) summary.reason = failure;
  else if (running) summary.reason = 'NotReady';
}

function baseReason(pod: V1Pod): string {
  const gated = pod.status?.conditions?.some((c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated');
  return gated ? 'SchedulingGated' : pod.status?.reason || (pod.status?.phase ?? '');
}

export function summarise(pod: V1Pod): PodSummary {
  const sidecars = pod.spec?.initContainers?.filter((c) => c.restartPolicy === 'Always').length ?? 0;
  const init = initProgress(pod);
  const total = (pod.spec?.containers?.length ?? 0) + sidecars;
  const summary = { ready: init.ready, total, reason: init.reason ?? baseReason(pod), restarts: 0, lastRestart: '' };
  let restarts = init.all;
  if (init.reason === undefined || hasCondition(pod, 'Initialized')) {
    restarts = init.sidecars;
    runningProgress(pod, summary, restarts);
  }
  summary.restarts = restarts.count;
  summary.lastRestart = restarts.last;
  if (pod.metadata?.deletionTimestamp) {
    if (pod.status?.reason === 'NodeLost') summary.reason = 'Unknown';
    else if (pod.status?.phase !== 'Failed' && pod.status?.phase !== 'Succeeded') summary.reason = 'Terminating';
  }
  return summary;
}

/** The cells of one row are asked for one after the other. */
let latest: { pod: V1Pod; summary: PodSummary } | undefined;

function summaryOf(pod: V1Pod): PodSummary {
  if (latest?.pod !== pod) latest = { pod, summary: summarise(pod) };
  return latest.summary;
}

function restartsCell(pod: V1Pod): Elapsed | string {
  const { restarts, lastRestart } = summaryOf(pod);
  if (restarts === 0 || !lastRestart) return String(restarts);
  return new Elapsed(lastRestart, `${restarts} (`, ' ago)');
}

function gatesCell(pod: V1Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  return `${gates.filter((gate) => hasCondition(pod, gate.conditionType)).length}/${gates.length}`;
}

const ends: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

/** Programs that show tables of pods leave out or grey what has ended. */
export function podRowConditions({ status }: V1Pod): readonly RowCondition[] | undefined {
  const reason = status?.phase ?? '';
  const message = ends[reason];
  return message === undefined ? undefined : [{ type: 'Completed', status: 'True', reason, message }];
}

export const podColumns: ReadonlyArray<PrinterColumn<V1Pod>> = [
  nameColumn,
  text('Ready', 'Containers that are ready, of all.', (pod) => `${summaryOf(pod).ready}/${summaryOf(pod).total}`),
  text('Status', 'What the containers are doing, taken together.', (pod) => summaryOf(pod).reason),
  text('Restarts', 'Restarts of the containers, and how long ago the last was.', restartsCell),
  ageColumn,
  wide(text('IP', 'Address of the pod.', (pod) => orNone(pod.status?.podIPs?.[0]?.ip))),
  wide(text('Node', 'Node the pod is on.', (pod) => orNone(pod.spec?.nodeName))),
  wide(text('Nominated Node', 'Node that room is being made on.', (pod) => orNone(pod.status?.nominatedNodeName))),
  wide(text('Readiness Gates', 'Conditions that others set and readiness waits for.', gatesCell)),
];
