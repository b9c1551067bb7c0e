import type { V1Pod } from '../api/gen/types.ts';
import type { Timer } from '../base/clock.ts';
import { computePodActions } from '../pods/actions.ts';
import { isTerminal } from '../pods/spec.ts';
import type { WorkerDeps } from './deps.ts';
import type { RefuseResize } from './grant.ts';
import { PodEnd } from './podend.ts';
import { PodLife } from './podlife.ts';
import { PodRecord, type Verdict } from './podrecord.ts';
import { PodReports } from './podreports.ts';

/** How often a pod that waits for room asks again. */
const resizeRetryMs = 2_000;

export interface PodWorkerOptions {
  onGone: () => void;
  refuseResize: RefuseResize;
}

/** Whether files that show the pod itself may have to change. */
function showsDifferently(before: V1Pod, after: V1Pod): boolean {
  const shown = ({ metadata }: V1Pod) => JSON.stringify([metadata?.labels, metadata?.annotations]);
  return shown(before) !== shown(after);
}

/**
 * Makes one pod so. Every change (of the pod, of the runtime, of a probe, of time) wakes it; it computes what is to be
 * done from everything known and starts that, never waiting for one piece of work before seeing to another.
 */
export class PodWorker {
  readonly #record: PodRecord;
  readonly #life: PodLife;
  readonly #end: PodEnd;
  readonly #reports: PodReports;
  readonly #onGone: () => void;
  #timer: Timer | undefined;
  #scheduled = false;
  #stopped = false;

  constructor(deps: WorkerDeps, pod: V1Pod, { onGone, refuseResize }: PodWorkerOptions) {
    this.#onGone = onGone;
    this.#record = new PodRecord(deps, pod, refuseResize);
    this.#reports = new PodReports(this.#record);
    const onFailure = (work: string, error: unknown, delayMs: number) => this.#failed(work, error, delayMs);
    this.#life = new PodLife(this.#record, { onChange: () => this.wake(), onFailure });
    this.#end = new PodEnd(this.#record, {
      busy: () => this.#life.pending(),
      onStopped: () => this.#reports.status(),
      onEnded: () => this.#ended(),
      onFailure,
    });
    if (this.#life.adopt()) {
      this.#settle();
      this.#life.ensureCgroup();
    }
    this.wake();
  }

  get pod(): V1Pod {
    return this.#record.pod;
  }

  /** The pod with the resources that the node has granted it. */
  get granted(): V1Pod {
    return this.#record.grant.pod;
  }

  /** Whether the pod still counts against what the node can hold. To the scheduler one whose object is gone does not. */
  get active(): boolean {
    const { objectGone, verdict, stage } = this.#record;
    if (objectGone || verdict || stage === 'ended' || stage === 'gone') return false;
    return !isTerminal(this.#reports.phase);
  }

  /** The pod's object as it is now; undefined when it has been removed. */
  update(pod: V1Pod | undefined): void {
    const before = this.#record.pod;
    if (pod) this.#record.pod = pod;
    else this.#record.objectGone = true;
    if (pod && showsDifferently(before, pod)) this.refreshVolumes();
    if (this.#record.stage === 'ending') this.#end.hasten();
    this.wake();
  }

  /** Something that the pod refers to has changed. */
  refreshVolumes(): void {
    if (this.#record.stage !== 'living') return;
    this.#life.refreshVolumes();
    this.wake();
  }

  /** Fails the pod without starting it, or ends it, for a reason of the node's own. */
  fail(verdict: Verdict): void {
    this.#record.verdict ??= verdict;
    this.wake();
  }

  wake(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#stopped) this.#step();
    });
  }

  /** Leaves everything as it runs. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#life.probes.stop();
    this.#end.stop();
    this.#reports.stop();
  }

  #mustEnd(): boolean {
    if (this.#record.deleted || this.#record.verdict) return true;
    return isTerminal(this.#record.pod.status?.phase) || this.#reports.ended;
  }

  #step(): void {
    const { stage } = this.#record;
    const deadlineMs = stage === 'living' ? this.#checkDeadline() : undefined;
    if (stage === 'living' && !this.#mustEnd()) this.#live(deadlineMs);
    else if (stage === 'living') this.#beginEnd();
    else if (stage === 'ended') this.#finish();
    else this.#reports.status();
  }

  #live(deadlineMs: number | undefined): void {
    const { deps, notes, grant } = this.#record;
    const observed = this.#record.observed();
    const nowMs = deps.clock.now();
    this.#settle();
    const plan = computePodActions({ pod: grant.pod, observed, notes: notes.all, nowMs });
    this.#reports.backoffs(plan.waiting);
    this.#reports.status();
    if (plan.finished) {
      this.#beginEnd();
      return;
    }
    this.#life.apply(plan, observed);
    const resizeAtMs = grant.refusal?.reason === 'Deferred' ? nowMs + resizeRetryMs : undefined;
    this.#wakeAt(plan.wakeAtMs, deadlineMs, resizeAtMs);
  }

  /** Finds out whether the pod may have what it asks for. */
  #settle(): void {
    const { deps, pod, notes, grant } = this.#record;
    const refusal = grant.settle(pod, this.#record.observed(), notes.all);
    if (!refusal) return;
    const message = `Pod resize ${refusal.reason}: ${refusal.message}`;
    deps.events.pod(pod, { type: 'Warning', reason: `Resize${refusal.reason}`, message });
  }

  #failed(work: string, error: unknown, delayMs: number): void {
    if (!this.#stopped) this.#reports.failed(work, error, delayMs);
  }

  /** Ends the pod when its active deadline has passed; else answers when that will be. */
  #checkDeadline(): number | undefined {
    const seconds = this.#record.pod.spec?.activeDeadlineSeconds;
    const { startTime } = this.#reports;
    if (seconds === undefined || !startTime) return undefined;
    const deadlineMs = Date.parse(startTime) + seconds * 1000;
    if (deadlineMs > this.#record.deps.clock.now()) return deadlineMs;
    const [reason, message] = ['DeadlineExceeded', 'Pod was active on the node longer than the specified deadline'];
    if (!this.#record.verdict) this.#record.deps.events.pod(this.#record.pod, { type: 'Normal', reason, message });
    this.#record.verdict ??= { reason, message };
    return undefined;
  }

  #wakeAt(...times: Array<number | undefined>): void {
    const { clock } = this.#record.deps;
    const now = clock.now();
    const all = [...times, ...this.#life.retryTimesMs()];
    const next = Math.min(...all.filter((time): time is number => time !== undefined && time > now));
    this.#timer?.cancel();
    if (Number.isFinite(next)) this.#timer = clock.setTimer(next - now + 1, () => this.wake());
  }

  #beginEnd(): void {
    this.#timer?.cancel();
    this.#life.probes.stopAllButReadiness();
    this.#end.begin();
  }

  #ended(): void {
    this.#life.probes.stop();
    this.#reports.status();
    this.wake();
  }

  #finish(): void {
    this.#reports.status();
    if (!this.#record.deleted) return;
    void this.#end.remove().finally(() => this.#onGone());
  }
}
