import type { V1PodStatus } from '../api/gen/types.ts';
import { computePodStatus, type StatusInput } from '../pods/status.ts';
import type { WorkerDeps } from './deps.ts';
import { identity } from './starter.ts';

type Reported = Pick<StatusInput, 'pod' | 'observed' | 'notes' | 'waiting' | 'ending' | 'verdict' | 'resizeRefusal'>;

/** Tells the control plane of one pod's status, each change once. */
export class StatusReporter {
  readonly #deps: Pick<WorkerDeps, 'link' | 'clock' | 'node' | 'runtimeName' | 'metrics'>;
  #last: V1PodStatus | undefined;
  #text = '';

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
    link.reportPodStatus({ at: { namespace, name }, uid, status });
    const created = reported.pod.metadata?.creationTimestamp;
    if (started && created) metrics.podStart.observe(Math.max(0, nowMs - Date.parse(created)) / 1000);
  }
}
