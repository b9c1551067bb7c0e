import type { V1ContainerStatus, V1PodStatus } from '../api/gen/types.ts';
import type { Timer } from '../base/clock.ts';
import { computePodStatus, type StatusInput } from '../pods/status.ts';
import type { WorkerDeps } from './deps.ts';
import { identity } from './starter.ts';

type Reported = Pick<StatusInput, 'pod' | 'observed' | 'notes' | 'waiting' | 'ending' | 'verdict' | 'resizeRefusal'>;

/**
 * How long a status that only says that the pod is being started may wait for the one that it runs. Most pods run
 * sooner: two writes less for each, and the processors are free for the start itself.
 */
const startingDelayMs = 1000;
const startingReasons = new Set(['ContainerCreating', 'PodInitializing']);

/** Whether a status tells of nothing but a start that is under way. */
function tellsOfStart({ phase, initContainerStatuses, containerStatuses }: V1PodStatus): boolean {
  const all: V1ContainerStatus[] = [...(initContainerStatuses ?? []), ...(containerStatuses ?? [])];
  const starting = ({ state, lastState }: V1ContainerStatus) =>
    startingReasons.has(state?.waiting?.reason ?? '') && !lastState?.terminated;
  return phase === 'Pending' && all.every(starting);
}

/** Tells the control plane of one pod's status, each change once. */
export class StatusReporter {
  readonly #deps: Pick<WorkerDeps, 'link' | 'clock' | 'node' | 'runtimeName' | 'metrics'>;
  #last: V1PodStatus | undefined;
  #text = '';
  #held: { timer: Timer; send: () => void } | undefined;

  constructor(deps: Pick<WorkerDeps, 'link' | 'clock' | 'node' | 'runtimeName' | 'metrics'>) {
    this.#deps = deps;
  }

  /** What was reported last by this agent. */
  get last(): V1PodStatus | undefined {
    return this.#last;
  }

  report(reported: Reported): void {
    const { link, clock, node, runtimeName, metrics } = this.#deps;
    const nowMs = clock.now();
    const previous = this.#last ?? reported.pod.status;
    const status = computePodStatus({ ...reported, runtimeName, previous, nodeIps: node.ips, nowMs });
    const text = JSON.stringify(status);
    const started = status.phase === 'Running' && previous?.phase === 'Pending';
    this.#last = status;
    if (text === this.#text) return;
    this.#text = text;
    const { namespace, name, uid } = identity(reported.pod);
    this.#send(tellsOfStart(status), () => link.reportPodStatus({ at: { namespace, name }, uid, status }));
    const created = reported.pod.metadata?.creationTimestamp;
    if (started && created) metrics.podStart.observe(Math.max(0, nowMs - Date.parse(created)) / 1000);
  }

  /** Forgets what has not been said yet. */
  stop(): void {
    this.#held?.timer.cancel();
    this.#held = undefined;
  }

  /** Says it now, or within the delay unless something newer comes first. */
  #send(mayWait: boolean, send: () => void): void {
    if (mayWait && this.#held) {
      this.#held.send = send;
      return;
    }
    this.stop();
    if (!mayWait) {
      send();
      return;
    }
    const timer = this.#deps.clock.setTimer(startingDelayMs, () => {
      const held = this.#held;
      this.#held = undefined;
      held?.send();
    });
    this.#held = { timer, send };
  }
}
