import { mkdirSync } from 'node:fs';
import type { V1Container, V1Pod, V1PodStatus } from '../api/gen/types.ts';
import { backoffMs } from '../base/backoff.ts';
import type { Timer } from '../base/clock.ts';
import { computePodActions, type PodPlan, type StartAction, type StopAction, type Waiting } from '../pods/actions.ts';
import { currentSandbox, latest, type ObservedPod } from '../pods/observed.ts';
import { containersOf, isTerminal, podText } from '../pods/spec.ts';
import { computePodStatus } from '../pods/status.ts';
import type { ImageInfo, SandboxConfig } from '../runtime/runtime.ts';
import { factsOf, type WorkerDeps } from './deps.ts';
import { endPod, removePod } from './ending.ts';
import { StartError, textOf } from './failure.ts';
import { writeHosts } from './hosts.ts';
import { Notes } from './notes.ts';
import { PodPaths } from './options.ts';
import { ContainerProber } from './probes/prober.ts';
import { sandboxConfigOf } from './sandbox.ts';
import { identity, runStartHook, type StartContext, startContainer } from './starter.ts';
import { stopContainer } from './stopper.ts';
import { PodVolumes } from './volumes/volumes.ts';

const retry = { initialMs: 500, maxMs: 30_000 };
const probeNames = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const;
/** A dead container is kept for its logs and last state; older ones go. */
const deadContainersKept = 1;

type Stage = 'living' | 'ending' | 'ended' | 'gone';

/**
 * Makes one pod so. Every change (of the pod, of the runtime, of a probe, of time) wakes it; it computes what is to be
 * done from everything known and starts that, never waiting for one piece of work before seeing to another.
 */
export class PodWorker {
  readonly #deps: WorkerDeps;
  readonly #paths: PodPaths;
  readonly #volumes: PodVolumes;
  readonly #notes = new Notes();
  readonly #probers = new Map<string, ContainerProber>();
  /** Work under way, by what it is about: `sandbox`, `volumes`, or a container's name. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #images = new Map<string, Promise<ImageInfo>>();
  readonly #failures = new Map<string, { count: number; untilMs: number }>();
  #pod: V1Pod;
  #objectGone = false;
  #stage: Stage = 'living';
  #verdict: { reason: string; message: string } | undefined;
  #reported: V1PodStatus | undefined;
  #reportedText = '';
  #volumesReady = false;
  #sandbox: { config: SandboxConfig; attempt: number } | undefined;
  #waiting: ReadonlyMap<string, Waiting> = new Map();
  #timer: Timer | undefined;
  #deadlineMs: number | undefined;
  #scheduled = false;
  #stopped = false;
  #onGone: () => void;

  constructor(deps: WorkerDeps, pod: V1Pod, onGone: () => void) {
    this.#deps = deps;
    this.#pod = pod;
    this.#onGone = onGone;
    this.#paths = new PodPaths(deps.paths, identity(pod));
    this.#volumes = new PodVolumes({
      paths: this.#paths,
      sources: (of) => ({ facts: this.#facts(of), objects: deps.objects, tokens: deps.tokens }),
      clock: deps.clock,
      random: deps.random,
    });
    this.#adopt();
    this.wake();
  }

  get pod(): V1Pod {
    return this.#pod;
  }

  /** Whether the pod still counts against what the node can hold. */
  get active(): boolean {
    return this.#stage === 'living' && !isTerminal(this.#reported?.phase ?? this.#pod.status?.phase);
  }

  /** The pod's object as it is now; undefined when it has been removed. */
  update(pod: V1Pod | undefined): void {
    if (pod) this.#pod = pod;
    else this.#objectGone = true;
    if (this.#volumesReady && pod && this.#stage === 'living') this.refreshVolumes();
    this.wake();
  }

  /** Something that the pod refers to has changed. */
  refreshVolumes(): void {
    if (this.#notes.retryConfiguration()) this.wake();
    if (!this.#volumesReady) {
      this.#failures.delete('volumes');
      this.wake();
    } else this.#work('refresh', () => this.#volumes.refresh(this.#pod));
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
    for (const prober of this.#probers.values()) prober.stop();
  }

  #observed(): ObservedPod {
    return this.#deps.view.pod(this.#pod.metadata?.uid ?? '');
  }

  #facts(pod: V1Pod) {
    return factsOf(this.#deps, pod, currentSandbox(this.#observed())?.ips ?? []);
  }

  #mustEnd(): boolean {
    if (this.#objectGone || this.#pod.metadata?.deletionTimestamp !== undefined || this.#verdict) return true;
    return isTerminal(this.#pod.status?.phase) || isTerminal(this.#reported?.phase);
  }

  #step(): void {
    if (this.#stage === 'living') this.#checkDeadline();
    if (this.#stage === 'living' && !this.#mustEnd()) this.#live();
    else if (this.#stage === 'living') this.#beginEnd();
    else if (this.#stage === 'ended') this.#finish();
    else this.#report();
  }

  #live(): void {
    const observed = this.#observed();
    const nowMs = this.#deps.clock.now();
    const plan = computePodActions({ pod: this.#pod, observed, notes: this.#notes.all, nowMs });
    this.#sayBackoffs(plan.waiting);
    this.#waiting = plan.waiting;
    this.#report();
    if (plan.finished) {
      this.#beginEnd();
      return;
    }
    if (!this.#volumesReady) this.#work('volumes', () => this.#setUpVolumes());
    this.#probe(observed);
    this.#apply(plan, observed);
    this.#wakeAt(plan.wakeAtMs);
  }

  #apply(plan: PodPlan, observed: ObservedPod): void {
    for (const stop of plan.stop) this.#work(stop.container.name, () => this.#stopContainer(stop));
    if (plan.createSandbox) {
      const { attempt, stale } = plan.createSandbox;
      for (const { container, kind } of plan.start) this.#image(container, kind, attempt);
      this.#work('sandbox', () =>
        this.#createSandbox(
          attempt,
          stale.map(({ id }) => id),
          observed,
        ),
      );
      return;
    }
    if (!this.#volumesReady) return;
    for (const start of plan.start) {
      if (plan.stop.some(({ container }) => container.name === start.container.name)) continue;
      this.#work(start.container.name, () => this.#startContainer(start));
    }
  }

  /** Starts a piece of work unless the same is under way or must wait after a failure. */
  #work(key: string, run: () => Promise<void>): void {
    if (this.#busy.has(key) || this.#stopped) return;
    const failure = this.#failures.get(key);
    if (failure && failure.untilMs > this.#deps.clock.now()) return;
    const task = run().then(
      () => void this.#failures.delete(key),
      (error: unknown) => this.#failed(key, error),
    );
    this.#busy.set(
      key,
      task.finally(() => {
        this.#busy.delete(key);
        this.wake();
      }),
    );
  }

  #failed(key: string, error: unknown): void {
    const count = (this.#failures.get(key)?.count ?? 0) + 1;
    const delayMs = backoffMs(retry, count);
    this.#failures.set(key, { count, untilMs: this.#deps.clock.now() + delayMs });
    this.#deps.logger.warn('work on a pod failed', {
      pod: podText(this.#pod),
      work: key,
      error: textOf(error),
      delayMs,
    });
    const reasons: Record<string, string> = {
      sandbox: 'FailedCreatePodSandBox',
      volumes: 'FailedMount',
      refresh: 'FailedMount',
      end: 'FailedKillPod',
    };
    const reason = reasons[key];
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
      const cgroupParent = this.#deps.cgroups.ensure(this.#pod);
      const config = sandboxConfigOf({
        pod: this.#pod,
        attempt,
        cgroupParent,
        logDirectory: this.#paths.logs,
        dns: this.#deps.dns,
      });
      this.#sandbox = { config, attempt };
    }
    return this.#sandbox.config;
  }

  async #createSandbox(attempt: number, stale: string[], observed: ObservedPod): Promise<void> {
    const { runtime, view, events } = this.#deps;
    if (observed.sandboxes.length > 0) {
      const message = 'Pod sandbox changed, it will be killed and re-created.';
      events.pod(this.#pod, { type: 'Normal', reason: 'SandboxChanged', message });
    }
    for (const id of stale) await runtime.stopSandbox(id);
    const config = this.#sandboxConfig(attempt);
    mkdirSync(this.#paths.directory, { recursive: true });
    mkdirSync(this.#paths.logs, { recursive: true });
    const id = await this.#deps.sandboxGate.run(() => runtime.runSandbox(config, ''));
    const info = await runtime.sandboxStatus(id);
    await writeHosts(this.#paths.hostsFile, this.#pod, info.ips, this.#deps.dns.domain);
    const { ready, createdAtMs, ips } = info;
    view.addSandbox(identity(this.#pod), { id, attempt, ready, createdAtMs, ips });
  }

  /** The container's image, asked for once per start. */
  #image(container: V1Container, kind: StartAction['kind'], attempt: number): Promise<ImageInfo> {
    const known = this.#images.get(container.name);
    if (known) return known;
    const sandbox = this.#sandboxConfig(attempt);
    const image = this.#deps.images.ensure({ pod: this.#pod, container, kind, sandbox });
    // It is looked at when the container starts; until then a failure is nobody's.
    image.catch(() => {});
    this.#images.set(container.name, image);
    return image;
  }

  async #startContainer(action: StartAction): Promise<void> {
    const { container } = action;
    const sandbox = currentSandbox(this.#observed());
    if (!sandbox) return;
    const context: StartContext = {
      deps: this.#deps,
      pod: this.#pod,
      sandboxId: sandbox.id,
      sandbox: this.#sandboxConfig(sandbox.attempt),
      podIps: sandbox.ips,
      paths: this.#paths,
      volumes: this.#volumes,
      image: this.#image(container, action.kind, sandbox.attempt),
      onCreated: (id) => {
        this.#notes.begin(container, id);
        if (action.previous) this.#notes.restarted(container.name, action.previous, this.#deps.clock.now());
      },
    };
    this.#images.delete(container.name);
    try {
      const id = await startContainer(context, action);
      this.#notes.fail(container.name, undefined);
      await this.#afterStart(context, container, id);
    } catch (error) {
      this.#startFailed(action, error);
    }
    void this.#removeOld(container.name);
  }

  async #afterStart(context: StartContext, container: V1Container, id: string): Promise<void> {
    if (!container.lifecycle?.postStart) return;
    try {
      await runStartHook(context, container, id);
      this.#notes.health(container.name, id, { starting: false, started: !container.startupProbe });
    } catch (error) {
      const seen = latest(this.#observed(), container.name);
      if (seen?.id === id) {
        const message = 'FailedPostStartHook';
        await stopContainer(this.#deps, {
          pod: this.#pod,
          container: seen,
          graceMs: this.#graceMs(),
          podIp: '',
          message,
        });
      }
      throw error;
    }
  }

  #startFailed(action: StartAction, error: unknown): void {
    const failure =
      error instanceof StartError
        ? error
        : new StartError('CreateContainerError', textOf(error), this.#deps.clock.now() + retry.maxMs, error);
    const { reason, message, retryAtMs } = failure;
    this.#notes.fail(action.container.name, { reason, message, retryAtMs });
    this.#deps.logger.info('container not started', {
      pod: podText(this.#pod),
      container: action.container.name,
      reason,
      message,
    });
    if (reason.startsWith('ErrImage') || reason.startsWith('ImagePull') || reason === 'PostStartHookError') return;
    this.#deps.events.pod(this.#pod, {
      type: 'Warning',
      reason: 'Failed',
      message: `Error: ${message}`,
      container: action.container.name,
      kind: action.kind,
    });
  }

  async #stopContainer(action: StopAction): Promise<void> {
    const { container, message, cause } = action;
    const spec = containersOf(this.#pod).find((entry) => entry.container.name === container.name)?.container;
    const probe = cause === 'liveness' ? spec?.livenessProbe : cause === 'startup' ? spec?.startupProbe : undefined;
    const own = probe?.terminationGracePeriodSeconds;
    const podIp = this.#facts(this.#pod).podIps[0] ?? '';
    const graceMs = own === undefined ? this.#graceMs() : own * 1000;
    await stopContainer(this.#deps, { pod: this.#pod, container, graceMs, podIp, message });
  }

  #graceMs(): number {
    const { deletionGracePeriodSeconds } = this.#pod.metadata ?? {};
    return (deletionGracePeriodSeconds ?? this.#pod.spec?.terminationGracePeriodSeconds ?? 30) * 1000;
  }

  async #removeOld(name: string): Promise<void> {
    const ended = this.#observed().containers.filter((seen) => seen.name === name);
    for (const old of ended.slice(1 + deadContainersKept)) {
      if (old.state === 'running') continue;
      await this.#deps.runtime.removeContainer(old.id).catch(() => {});
      this.#deps.view.forget(old.id);
    }
  }

  /** Probes every running container and no other. */
  #probe(observed: ObservedPod): void {
    const running = new Set<string>();
    for (const { kind, container } of containersOf(this.#pod)) {
      const seen = latest(observed, container.name);
      const health = this.#notes.get(container.name)?.health;
      if (kind === 'ephemeral' || seen?.state !== 'running' || health?.id !== seen.id || health.starting) continue;
      if (!container.startupProbe && !container.livenessProbe && !container.readinessProbe) continue;
      running.add(seen.id);
      if (!this.#probers.has(seen.id)) this.#probers.set(seen.id, this.#prober(container, seen.id, seen.startedAtMs));
    }
    for (const [id, prober] of this.#probers) {
      if (running.has(id)) continue;
      prober.stop();
      this.#probers.delete(id);
    }
  }

  #prober(container: V1Container, id: string, startedAtMs: number): ContainerProber {
    const health = this.#notes.get(container.name)?.health;
    const { runtime, clock, random, events } = this.#deps;
    return new ContainerProber({
      runtime,
      clock,
      random,
      startedAtMs,
      target: { container, containerId: id, podIp: this.#facts(this.#pod).podIps[0] ?? '' },
      started: health?.started ?? false,
      ready: health?.ready ?? false,
      listener: {
        verdict: (kind, passed) => {
          if (kind === 'readiness') this.#notes.health(container.name, id, { ready: passed });
          else if (!passed) this.#notes.health(container.name, id, { failed: kind });
          else if (kind === 'startup') this.#notes.health(container.name, id, { started: true });
          this.wake();
        },
        failed: (kind, text) => {
          const message = `${probeNames[kind]} probe failed: ${text}`;
          events.pod(this.#pod, { type: 'Warning', reason: 'Unhealthy', message, container: container.name });
        },
      },
    });
  }

  #checkDeadline(): void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    const startTime = this.#reported?.startTime ?? this.#pod.status?.startTime;
    if (seconds === undefined || !startTime) return;
    this.#deadlineMs = Date.parse(startTime) + seconds * 1000;
    if (this.#deadlineMs > this.#deps.clock.now()) return;
    this.#verdict ??= {
      reason: 'DeadlineExceeded',
      message: 'Pod was active on the node longer than the specified deadline',
    };
  }

  #wakeAt(atMs: number | undefined): void {
    const times = [atMs, this.#deadlineMs, ...[...this.#failures.values()].map(({ untilMs }) => untilMs)];
    const now = this.#deps.clock.now();
    const next = Math.min(...times.filter((time): time is number => time !== undefined && time > now));
    this.#timer?.cancel();
    if (Number.isFinite(next)) this.#timer = this.#deps.clock.setTimer(next - now + 1, () => this.wake());
  }

  /** Ends everything of the pod, again and again until it has succeeded. */
  #beginEnd(): void {
    this.#stage = 'ending';
    for (const prober of this.#probers.values()) prober.stopAllButReadiness();
    const attempt = () =>
      this.#end().catch((error: unknown) => {
        this.#failed('end', error);
        const delayMs = backoffMs(retry, this.#failures.get('end')?.count ?? 1);
        if (!this.#stopped) this.#deps.clock.setTimer(delayMs, () => void attempt());
      });
    void attempt();
  }

  async #end(): Promise<void> {
    const uid = this.#pod.metadata?.uid ?? '';
    const forced = this.#objectGone && this.#pod.metadata?.deletionTimestamp === undefined;
    await endPod(this.#deps, {
      pod: this.#pod,
      paths: this.#paths,
      graceMs: forced ? 0 : this.#graceMs(),
      podIp: this.#facts(this.#pod).podIps[0] ?? '',
      busy: () => [...this.#busy.values()],
      onStopped: () => this.#report(),
    });
    for (const prober of this.#probers.values()) prober.stop();
    this.#deps.tokens.forget(uid);
    this.#deps.images.forget(uid);
    this.#stage = 'ended';
    this.#report();
    this.wake();
  }

  /** The pod has ended; when its object is on its way out, nothing may be left. */
  #finish(): void {
    this.#report();
    if (!this.#objectGone && this.#pod.metadata?.deletionTimestamp === undefined) return;
    this.#stage = 'gone';
    const { namespace, name, uid } = identity(this.#pod);
    if (!this.#objectGone) this.#deps.link.reportPodGone({ namespace, name }, uid);
    void removePod(this.#deps, uid, this.#paths.logs)
      .catch((error: unknown) =>
        this.#deps.logger.warn('remains of a pod', { pod: podText(this.#pod), error: textOf(error) }),
      )
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
    const status = computePodStatus({
      pod: this.#pod,
      observed: this.#observed(),
      notes: this.#notes.all,
      waiting: this.#waiting,
      runtimeName: this.#deps.runtimeName,
      ending: this.#stage !== 'living',
      previous: this.#reported ?? this.#pod.status,
      nodeIps: this.#deps.node.ips,
      nowMs: this.#deps.clock.now(),
      verdict: this.#verdict,
    });
    const text = JSON.stringify(status);
    this.#reported = status;
    if (text === this.#reportedText) return;
    this.#reportedText = text;
    const { namespace, name, uid } = identity(this.#pod);
    this.#deps.link.reportPodStatus({ at: { namespace, name }, uid, status });
  }

  /** Takes over what an earlier agent left running. */
  #adopt(): void {
    const observed = this.#observed();
    if (observed.sandboxes.length === 0) return;
    for (const { container } of containersOf(this.#pod)) {
      const seen = latest(observed, container.name);
      if (seen) this.#notes.adopt(this.#pod, container, seen);
    }
    this.#deps.cgroups.ensure(this.#pod);
  }
}
