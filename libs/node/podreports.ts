import type { Waiting } from '../pods/plan.ts';
import { isTerminal, podText } from '../pods/spec.ts';
import { textOf } from './failure.ts';
import type { PodRecord } from './podrecord.ts';
import { StatusReporter } from './statusreporter.ts';

/** Events that tell of failed work, by its name. */
const failureReasons: Readonly<Record<string, string>> = {
  sandbox: 'FailedCreatePodSandBox',
  volumes: 'FailedMount',
  refresh: 'FailedMount',
};

/** What one pod's worker tells the control plane: its status, and events of what goes wrong. */
export class PodReports {
  readonly #record: PodRecord;
  readonly #reporter: StatusReporter;
  #waiting: ReadonlyMap<string, Waiting> = new Map();

  constructor(record: PodRecord) {
    this.#record = record;
    this.#reporter = new StatusReporter(record.deps);
  }

  /** When the pod started, as last reported. */
  get startTime(): string | undefined {
    return this.#reporter.last?.startTime ?? this.#record.pod.status?.startTime;
  }

  /** Whether the pod's last reported phase is one that it cannot leave. */
  get ended(): boolean {
    return isTerminal(this.#reporter.last?.phase);
  }

  /** The pod's phase, as last reported. */
  get phase(): string | undefined {
    return this.#reporter.last?.phase ?? this.#record.pod.status?.phase;
  }

  status(): void {
    const { objectGone, stage, pod, notes, verdict, grant } = this.#record;
    if (objectGone || stage === 'gone') return;
    this.#reporter.report({
      pod,
      observed: this.#record.observed(),
      notes: notes.all,
      waiting: this.#waiting,
      ending: stage !== 'living',
      verdict,
      resizeRefusal: grant.refusal,
    });
  }

  /** These containers wait before they start again; each wait is told once. */
  backoffs(waiting: ReadonlyMap<string, Waiting>): void {
    const { deps, pod } = this.#record;
    for (const [container] of waiting) {
      if (this.#waiting.has(container)) continue;
      const message = `Back-off restarting failed container ${container} in pod ${podText(pod)}`;
      deps.events.pod(pod, { type: 'Warning', reason: 'BackOff', message, container });
    }
    this.#waiting = waiting;
  }

  failed(work: string, error: unknown, delayMs: number): void {
    const { deps, pod } = this.#record;
    deps.logger.warn('work on a pod failed', { pod: podText(pod), work, error: textOf(error), delayMs });
    const reason = failureReasons[work];
    if (!reason) return;
    const message = work === 'sandbox' ? `Failed to create pod sandbox: ${textOf(error)}` : textOf(error);
    deps.events.pod(pod, { type: 'Warning', reason, message });
  }

  stop(): void {
    this.#reporter.stop();
  }
}
