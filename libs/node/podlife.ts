import { currentSandbox, latest, type ObservedPod, type ObservedSandbox } from '../pods/observed.ts';
import type { PodPlan } from '../pods/plan.ts';
import { containersOf } from '../pods/spec.ts';
import type { SandboxConfig } from '../runtime/runtime.ts';
import { PodContainers } from './podcontainers.ts';
import { PodProbes } from './podprobes.ts';
import type { PodRecord } from './podrecord.ts';
import { createSandbox, removeEmptySandboxes } from './podsandbox.ts';
import { sandboxConfigOf } from './sandbox.ts';
import { PodVolumes } from './volumes/volumes.ts';
import { Workload } from './work.ts';

export interface PodLifeOptions {
  /** Something has been done or found out. */
  onChange: () => void;
  onFailure: (work: string, error: unknown, delayMs: number) => void;
}

/** Keeps one pod's sandbox, volumes and containers as its plan says: starts what is due and waits for none of it. */
export class PodLife {
  readonly probes: PodProbes;
  readonly #record: PodRecord;
  readonly #volumes: PodVolumes;
  readonly #containers: PodContainers;
  readonly #work: Workload;
  #volumesReady = false;
  #sandbox: { config: SandboxConfig; attempt: number } | undefined;

  constructor(record: PodRecord, { onChange, onFailure }: PodLifeOptions) {
    const { deps, notes, paths } = record;
    this.#record = record;
    this.#volumes = new PodVolumes({
      paths,
      sources: (of) => ({ facts: record.facts(of), objects: deps.objects, tokens: deps.tokens }),
      clock: deps.clock,
      random: deps.random,
      images: deps,
    });
    this.#containers = new PodContainers({
      ...{ deps, notes, paths },
      volumes: this.#volumes,
      pod: () => record.grant.pod,
      podIp: () => record.podIp,
      observed: () => record.observed(),
      graceMs: () => record.graceMs,
    });
    this.probes = new PodProbes({
      ...{ deps, notes },
      pod: () => record.pod,
      podIp: () => record.podIp,
      onVerdict: onChange,
    });
    this.#work = new Workload({ clock: deps.clock, onDone: onChange, onFailure });
  }

  /** Work that is still under way. */
  pending(): Array<Promise<void>> {
    return this.#work.pending();
  }

  /** When failed work may be tried again. */
  retryTimesMs(): number[] {
    return this.#work.retryTimesMs();
  }

  /** Takes over what an earlier agent left running. Answers whether there was anything. */
  adopt(): boolean {
    const { pod, notes } = this.#record;
    const observed = this.#record.observed();
    for (const { container } of containersOf(pod)) {
      const seen = latest(observed, container.name);
      if (seen) notes.adopt(pod, container, seen);
    }
    return observed.sandboxes.length > 0;
  }

  /** Sets the limits of the pod as a whole; answers the path of its cgroup. */
  ensureCgroup(): string {
    return this.#record.deps.cgroups.ensure(this.#record.grant.pod);
  }

  apply(plan: PodPlan, observed: ObservedPod): void {
    if (!this.#volumesReady) this.#work.start('volumes', () => this.#setUpVolumes());
    this.probes.sync(observed);
    for (const stop of plan.stop) this.#work.start(stop.container.name, () => this.#containers.stop(stop));
    if (plan.resize.length > 0) this.#work.start('resize', () => this.#containers.resize(plan.resize));
    if (plan.createSandbox) {
      const { attempt, stale } = plan.createSandbox;
      this.#work.start('sandbox', () => this.#createSandbox(attempt, stale, observed));
      for (const { container } of plan.start) {
        if (this.#sandbox?.attempt === attempt) this.#containers.image(container, this.#sandbox.config);
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

  /** Something that the pod refers to, or shows of itself, has changed. */
  refreshVolumes(): void {
    this.#record.notes.retryConfiguration();
    this.#work.forgive('volumes');
    if (this.#volumesReady) this.#work.startNewest('refresh', () => this.#volumes.refresh(this.#record.pod));
  }

  async #setUpVolumes(): Promise<void> {
    await this.#volumes.setUp(this.#record.pod);
    this.#volumesReady = true;
  }

  #sandboxConfig(attempt: number): SandboxConfig {
    if (this.#sandbox?.attempt !== attempt) {
      const { pod, paths, deps } = this.#record;
      const cgroupParent = this.ensureCgroup();
      const inputs = { pod, attempt, cgroupParent, logDirectory: paths.logs, dns: deps.dns };
      this.#sandbox = { config: sandboxConfigOf(inputs), attempt };
    }
    return this.#sandbox.config;
  }

  async #createSandbox(attempt: number, stale: readonly ObservedSandbox[], observed: ObservedPod): Promise<void> {
    const { pod, paths, deps } = this.#record;
    const config = this.#sandboxConfig(attempt);
    if (observed.sandboxes.length > 0) {
      const message = 'Pod sandbox changed, it will be killed and re-created.';
      deps.events.pod(pod, { type: 'Normal', reason: 'SandboxChanged', message });
    }
    for (const { id } of stale) await deps.runtime.stopSandbox(id);
    await createSandbox(deps, { pod, paths, config });
    await removeEmptySandboxes(deps, this.#record.observed());
  }
}
