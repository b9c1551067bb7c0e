import type { V1Probe } from '../../api/gen/types.ts';
import type { Clock, Timer } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { afterAttempt, freshProbe, type ProbeOutcome, type ProbeState, probeTiming } from '../../pods/probe.ts';
import type { ContainerRuntime } from '../../runtime/runtime.ts';
import { attemptProbe, type ProbeTarget } from './attempt.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';

export interface ProbeListener {
  /** One attempt of any outcome. */
  attempted(kind: ProbeKind, outcome: ProbeOutcome): void;
  /** A verdict that was not so before. */
  verdict(kind: ProbeKind, passed: boolean): void;
  /** One attempt that failed, for an event. */
  failed(kind: ProbeKind, message: string): void;
  /** One attempt that passed in an odd way, for an event. */
  warned(kind: ProbeKind, message: string): void;
}

interface Loop {
  kind: ProbeKind;
  probe: V1Probe;
  state: ProbeState;
  timer: Timer | undefined;
}

/** Runs the probes of one run of one container until stopped. The startup probe goes first; the others wait for it. */
export class ContainerProber {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  readonly #target: ProbeTarget;
  readonly #listener: ProbeListener;
  readonly #loops: Loop[] = [];
  readonly #startedAtMs: number;
  readonly #random: Random;
  #stopped = false;

  constructor(options: {
    runtime: ContainerRuntime;
    clock: Clock;
    random: Random;
    target: ProbeTarget;
    listener: ProbeListener;
    startedAtMs: number;
    /** Its startup probe has passed before this agent came. */
    started: boolean;
    ready: boolean;
  }) {
    this.#runtime = options.runtime;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#target = options.target;
    this.#listener = options.listener;
    this.#startedAtMs = options.startedAtMs;
    const { startupProbe } = options.target.container;
    if (startupProbe && !options.started) this.#begin('startup', startupProbe, freshProbe);
    else this.#beginOthers(options.ready);
  }

  stop(): void {
    this.#stopped = true;
    for (const loop of this.#loops) loop.timer?.cancel();
  }

  /** While the pod ends only its readiness is of interest. */
  stopAllButReadiness(): void {
    for (const loop of this.#loops) if (loop.kind !== 'readiness') this.#end(loop);
  }

  #beginOthers(ready: boolean): void {
    const { livenessProbe, readinessProbe } = this.#target.container;
    if (livenessProbe) this.#begin('liveness', livenessProbe, { ...freshProbe, verdict: 'success' });
    if (readinessProbe)
      this.#begin('readiness', readinessProbe, { ...freshProbe, verdict: ready ? 'success' : 'failure' });
  }

  #begin(kind: ProbeKind, probe: V1Probe, state: ProbeState): void {
    const loop: Loop = { kind, probe, state, timer: undefined };
    this.#loops.push(loop);
    const { delayMs, periodMs } = probeTiming(probe);
    const waitMs = Math.max(0, this.#startedAtMs + delayMs - this.#clock.now());
    // Containers adopted all at once are not probed all at once.
    const spreadMs =
      waitMs === 0 && this.#clock.now() - this.#startedAtMs > periodMs ? this.#random.next() * periodMs : 0;
    this.#schedule(loop, waitMs + spreadMs);
  }

  #schedule(loop: Loop, delayMs: number): void {
    if (this.#stopped) return;
    loop.timer = this.#clock.setTimer(delayMs, () => void this.#attempt(loop));
  }

  #end(loop: Loop): void {
    loop.timer?.cancel();
    const index = this.#loops.indexOf(loop);
    if (index >= 0) this.#loops.splice(index, 1);
  }

  async #attempt(loop: Loop): Promise<void> {
    const { periodMs, timeoutMs } = probeTiming(loop.probe);
    const begunAt = this.#clock.monotonic();
    const { outcome, message } = await attemptProbe(this.#runtime, loop.probe, this.#target, timeoutMs);
    if (this.#stopped || !this.#loops.includes(loop)) return;
    this.#listener.attempted(loop.kind, outcome);
    const before = loop.state.verdict;
    loop.state = afterAttempt(loop.probe, loop.state, outcome);
    if (outcome !== 'success') this.#listener.failed(loop.kind, message);
    else if (message !== '') this.#listener.warned(loop.kind, message);
    const { verdict } = loop.state;
    if (verdict !== undefined && verdict !== before) this.#settle(loop, verdict === 'success');
    if (!this.#loops.includes(loop)) return;
    this.#schedule(loop, Math.max(0, periodMs - (this.#clock.monotonic() - begunAt)));
  }

  #settle(loop: Loop, passed: boolean): void {
    if (loop.kind === 'startup') this.#end(loop);
    // A container that is to be restarted is asked no more.
    if (loop.kind === 'liveness' && !passed) this.#end(loop);
    this.#listener.verdict(loop.kind, passed);
    if (loop.kind === 'startup' && passed) this.#beginOthers(this.#target.container.readinessProbe === undefined);
  }
}
