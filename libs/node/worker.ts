import type { V1Pod } from '../api/gen/types.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Timer } from '../base/clock.ts';
import { computePodActions, type PodPlan, type Waiting } from '../pods/actions.ts';
import { currentSandbox, latest, type ObservedPod, type ObservedSandbox } from '../pods/observed.ts';
import { containersOf, isTerminal, podText } from '../pods/spec.ts';
import type { SandboxConfig } from '../runtime/runtime.ts';
import { factsOf, type WorkerDeps } from './deps.ts';
import { endPod, removePod } from './ending.ts';
import { textOf } from './failure.ts';
import { Grant, type RefuseResize } from './grant.ts';
import { Notes } from './notes.ts';
import { PodPaths } from './options.ts';
import { PodContainers } from './podcontainers.ts';
import { PodProbes } from './podprobes.ts';
import { createSandbox, removeEmptySandboxes } from './podsandbox.ts';
import { sandboxConfigOf } from './sandbox.ts';
import { identity } from './starter.ts';
import { StatusReporter } from './statusreporter.ts';
import { PodVolumes } from './volumes/volumes.ts';
import { Workload, workRetryPolicy } from './work.ts';

/** Events that tell of failed work, by its name. */
const failureReasons: Readonly<Record<string, string>> = {
  sandbox: 'FailedCreatePodSandBox',
  volumes: 'FailedMount',
  refresh: 'FailedMount',
};
const graceSecondsDefault = 30;
/** How often a pod that waits for room asks again. */
const resizeRetryMs = 2_000;

export interface PodWorkerOptions {
  onGone: () => void;
  refuseResize: RefuseResize;
}

type Stage = 'living' | 'ending' | 'ended' | 'gone';

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
  readonly #deps: WorkerDeps;
  readonly #paths: PodPaths;
  readonly #volumes: PodVolumes;
  readonly #containers: PodContainers;
  readonly #probes: PodProbes;
  readonly #work: Workload;
  readonly #reporter: StatusReporter;
  readonly #notes = new Notes();
  readonly #onGone: () => void;
  readonly #grant: Grant;
  #pod: V1Pod;
  #objectGone = false;
  #stage: Stage = 'living';
  #verdict: { reason: string; message: string } | undefined;
  #volumesReady = false;
  #sandbox: { config: SandboxConfig; attempt: number } | undefined;
  #waiting: ReadonlyMap<string, Waiting> = new Map();
  #timer: Timer | undefined;
  #endFailures = 0;
  #endGraceMs = Number.POSITIVE_INFINITY;
  #scheduled = false;
  #stopped = false;

  constructor(deps: WorkerDeps, pod: V1Pod, { onGone, refuseResize }: PodWorkerOptions) {
    this.#deps = deps;
    this.#pod = pod;
    this.#onGone = onGone;
    this.#grant = new Grant(pod, refuseResize);
    this.#paths = new PodPaths(deps.paths, identity(pod));
    this.#reporter = new StatusReporter(deps);
    this.#volumes = new PodVolumes({
      paths: this.#paths,
      sources: (of) => ({ facts: this.#facts(of), objects: deps.objects, tokens: deps.tokens }),
      clock: deps.clock,
      random: deps.random,
    });
    const shared = {
      deps,
      notes: this.#notes,
      pod: () => this.#pod,
      podIp: () => this.#facts(this.#pod).podIps[0] ?? '',
    };
    this.#containers = new PodContainers({
      ...shared,
      pod: () => this.#grant.pod,
      paths: this.#paths,
      volumes: this.#volumes,
      observed: () => this.#observed(),
      graceMs: () => this.#graceMs(),
    });
    this.#probes = new PodProbes({ ...shared, onVerdict: () => this.wake() });
    this.#work = new Workload({
      clock: deps.clock,
      onDone: () => this.wake(),
      onFailure: (key, error, delayMs) => this.#failed(key, error, delayMs),
    });
    this.#adopt();
    this.wake();
  }

  get pod(): V1Pod {
    return this.#pod;
  }

  /** The pod with the resources that the node has granted it. */
  get granted(): V1Pod {
    return this.#grant.pod;
  }

  /** Whether the pod still counts against what the node can hold. To the scheduler one whose object is gone does not. */
  get active(): boolean {
    if (this.#objectGone || this.#verdict || this.#stage === 'ended' || this.#stage === 'gone') return false;
    return !isTerminal(this.#reporter.last?.phase ?? this.#pod.status?.phase);
  }

  /** The pod's object as it is now; undefined when it has been removed. */
  update(pod: V1Pod | undefined): void {
    const before = this.#pod;
    if (pod) this.#pod = pod;
    else this.#objectGone = true;
    if (pod && showsDifferently(before, pod)) this.refreshVolumes();
    if (this.#stage === 'ending') this.#hasten();
    this.wake();
  }

  /** A second deletion may leave the containers less time than the first. */
  #hasten(): void {
    const graceMs = this.#objectGone ? 0 : this.#graceMs();
    if (graceMs >= this.#endGraceMs) return;
    this.#endGraceMs = graceMs;
    for (const { id, state } of this.#observed().containers) {
      if (state !== 'running') continue;
      this.#deps.runtime
        .stopContainer(id, Math.ceil(graceMs / 1000))
        .catch((error: unknown) => this.#failed('hasten', error, 0));
    }
  }

  /** Something that the pod refers to has changed. */
  refreshVolumes(): void {
    if (this.#stage !== 'living') return;
    this.#notes.retryConfiguration();
    this.#work.forgive('volumes');
    this.wake();
    if (this.#volumesReady) this.#work.startNewest('refresh', () => this.#volumes.refresh(this.#pod));
  }

  /** Fails the pod without starting it, or ends it, for a reason of the node's own. */
  fail(reason: string, message: string): void {
    this.#verdict ??= { reason, message };
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
    this.#probes.stop();
  }

  #observed(): ObservedPod {
    return this.#deps.view.pod(this.#pod.metadata?.uid ?? '');
  }

  #facts(pod: V1Pod) {
    return factsOf(this.#deps, pod, currentSandbox(this.#observed())?.ips ?? []);
  }

  #graceMs(): number {
    const asked = this.#pod.metadata?.deletionGracePeriodSeconds ?? this.#pod.spec?.terminationGracePeriodSeconds;
    return (asked ?? graceSecondsDefault) * 1000;
  }

  get #deleted(): boolean {
    return this.#objectGone || this.#pod.metadata?.deletionTimestamp !== undefined;
  }

  #mustEnd(): boolean {
    if (this.#deleted || this.#verdict) return true;
    return isTerminal(this.#pod.status?.phase) || isTerminal(this.#reporter.last?.phase);
  }

  #step(): void {
    const deadlineMs = this.#stage === 'living' ? this.#checkDeadline() : undefined;
    if (this.#stage === 'living' && !this.#mustEnd()) this.#live(deadlineMs);
    else if (this.#stage === 'living') this.#beginEnd();
    else if (this.#stage === 'ended') this.#finish();
    else this.#report();
  }

  #live(deadlineMs: number | undefined): void {
    const observed = this.#observed();
    const nowMs = this.#deps.clock.now();
    this.#settle();
    const plan = computePodActions({ pod: this.granted, observed, notes: this.#notes.all, nowMs });
    this.#sayBackoffs(plan.waiting);
    this.#waiting = plan.waiting;
    this.#report();
    if (plan.finished) {
      this.#beginEnd();
      return;
    }
    if (!this.#volumesReady) this.#work.start('volumes', () => this.#setUpVolumes());
    this.#probes.sync(observed);
    this.#apply(plan, observed);
    const resizeAtMs = this.#grant.refusal?.reason === 'Deferred' ? nowMs + resizeRetryMs : undefined;
    this.#wakeAt(plan.wakeAtMs, deadlineMs, resizeAtMs);
  }

  /** Finds out whether the pod may have what it asks for. */
  #settle(): void {
    const refusal = this.#grant.settle(this.#pod, this.#observed(), this.#notes.all);
    if (!refusal) return;
    const message = `Pod resize ${refusal.reason}: ${refusal.message}`;
    this.#deps.events.pod(this.#pod, { type: 'Warning', reason: `Resize${refusal.reason}`, message });
  }

  #apply(plan: PodPlan, observed: ObservedPod): void {
    for (const stop of plan.stop) this.#work.start(stop.container.name, () => this.#containers.stop(stop));
    if (plan.resize.length > 0) this.#work.start('resize', () => this.#containers.resize(plan.resize));
    if (plan.createSandbox) {
      const { attempt, stale } = plan.createSandbox;
      this.#work.start('sandbox', () => this.#createSandbox(attempt, stale, observed));
      for (const { container, kind } of plan.start) {
        if (this.#sandbox?.attempt === attempt) this.#containers.image(container, kind, this.#sandbox.config);
      }
      return;
    }
    const sandbox = currentSandbox(observed);
    if (!this.#volumesReady || !sandbox) return;
    for (const start of plan.start) {
      const run = () => this.#containers.start(start, sandbox, this.#sandboxConfig(sandbox.attempt));
      this.#work.start(start.container.name, run);
    }
  }

  #failed(key: string, error: unknown, delayMs: number): void {
    this.#deps.logger.warn('work on a pod failed', {
      pod: podText(this.#pod),
      work: key,
      error: textOf(error),
      delayMs,
    });
    const reason = failureReasons[key];
    if (!reason || this.#stopped) return;
    const message = key === 'sandbox' ? `Failed to create pod sandbox: ${textOf(error)}` : textOf(error);
    this.#deps.events.pod(this.#pod, { type: 'Warning', reason, message });
  }

  async #setUpVolumes(): Promise<void> {
    await this.#volumes.setUp(this.#pod);
    this.#volumesReady = true;
  }

  #sandboxConfig(attempt: number): SandboxConfig {
    if (this.#sandbox?.attempt !== attempt) {
      const cgroupParent = this.#deps.cgroups.ensure(this.granted);
      const inputs = { pod: this.#pod, attempt, cgroupParent, logDirectory: this.#paths.logs, dns: this.#deps.dns };
      this.#sandbox = { config: sandboxConfigOf(inputs), attempt };
    }
    return this.#sandbox.config;
  }

  async #createSandbox(attempt: number, stale: readonly ObservedSandbox[], observed: ObservedPod): Promise<void> {
    const config = this.#sandboxConfig(attempt);
    if (observed.sandboxes.length > 0) {
      const message = 'Pod sandbox changed, it will be killed and re-created.';
      this.#deps.events.pod(this.#pod, { type: 'Normal', reason: 'SandboxChanged', message });
    }
    for (const { id } of stale) await this.#deps.runtime.stopSandbox(id);
    await createSandbox(this.#deps, { pod: this.#pod, paths: this.#paths, config });
    await removeEmptySandboxes(this.#deps, this.#observed());
  }

  /** Ends the pod when its active deadline has passed; else answers when that will be. */
  #checkDeadline(): number | undefined {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    const startTime = this.#reporter.last?.startTime ?? this.#pod.status?.startTime;
    if (seconds === undefined || !startTime) return undefined;
    const deadlineMs = Date.parse(startTime) + seconds * 1000;
    if (deadlineMs > this.#deps.clock.now()) return deadlineMs;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#verdict ??= { reason: 'DeadlineExceeded', message };
    return undefined;
  }

  #wakeAt(...times: Array<number | undefined>): void {
    const now = this.#deps.clock.now();
    const all = [...times, ...this.#work.retryTimesMs()];
    const next = Math.min(...all.filter((time): time is number => time !== undefined && time > now));
    this.#timer?.cancel();
    if (Number.isFinite(next)) this.#timer = this.#deps.clock.setTimer(next - now + 1, () => this.wake());
  }

  /** Ends everything of the pod, again and again until it has succeeded. */
  #beginEnd(): void {
    this.#stage = 'ending';
    this.#timer?.cancel();
    this.#probes.stopAllButReadiness();
    void this.#end().catch((error: unknown) => {
      this.#endFailures += 1;
      const delayMs = backoffMs(workRetryPolicy, this.#endFailures);
      this.#failed('end', error, delayMs);
      const message = `error killing pod: ${textOf(error)}`;
      this.#deps.events.pod(this.#pod, { type: 'Warning', reason: 'FailedKillPod', message });
      if (!this.#stopped) this.#timer = this.#deps.clock.setTimer(delayMs, () => this.#beginEnd());
    });
  }

  async #end(): Promise<void> {
    const uid = this.#pod.metadata?.uid ?? '';
    // An object removed without being marked first was removed by force.
    const forced = this.#objectGone && this.#pod.metadata?.deletionTimestamp === undefined;
    this.#endGraceMs = forced ? 0 : this.#graceMs();
    await endPod(this.#deps, {
      pod: this.#pod,
      paths: this.#paths,
      graceMs: () => (forced ? 0 : this.#graceMs()),
      podIp: this.#facts(this.#pod).podIps[0] ?? '',
      busy: () => this.#work.pending(),
      onStopped: () => this.#report(),
    });
    this.#probes.stop();
    this.#deps.tokens.forget(uid);
    this.#deps.images.forget(uid);
    this.#stage = 'ended';
    this.#report();
    this.wake();
  }

  /** The pod has ended; when its object is on its way out, nothing may be left. */
  #finish(): void {
    this.#report();
    if (!this.#deleted) return;
    this.#stage = 'gone';
    const { namespace, name, uid } = identity(this.#pod);
    if (!this.#objectGone) this.#deps.link.reportPodGone({ namespace, name }, uid);
    void removePod(this.#deps, uid, this.#paths.logs)
      .catch((error: unknown) => this.#failed('remove', error, 0))
      .finally(() => this.#onGone());
  }

  #sayBackoffs(waiting: ReadonlyMap<string, Waiting>): void {
    for (const [container] of waiting) {
      if (this.#waiting.has(container)) continue;
      const message = `Back-off restarting failed container ${container} in pod ${podText(this.#pod)}`;
      this.#deps.events.pod(this.#pod, { type: 'Warning', reason: 'BackOff', message, container });
    }
  }

  #report(): void {
    if (this.#objectGone || this.#stage === 'gone') return;
    this.#reporter.report({
      pod: this.#pod,
      observed: this.#observed(),
      notes: this.#notes.all,
      waiting: this.#waiting,
      ending: this.#stage !== 'living',
      verdict: this.#verdict,
      resizeRefusal: this.#grant.refusal,
    });
  }

  /** Takes over what an earlier agent left running. */
  #adopt(): void {
    const observed = this.#observed();
    if (observed.sandboxes.length === 0) return;
    for (const { container } of containersOf(this.#pod)) {
      const seen = latest(observed, container.name);
      if (seen) this.#notes.adopt(this.#pod, container, seen);
    }
    this.#settle();
    this.#deps.cgroups.ensure(this.granted);
  }
}
