import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { latest, type ObservedContainer, type ObservedPod } from '../pods/observed.ts';
import { containersOf } from '../pods/spec.ts';
import type { WorkerDeps } from './deps.ts';
import type { Notes } from './notes.ts';
import { ContainerProber, type ProbeKind } from './probes/prober.ts';

const probeNames: Record<ProbeKind, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' };

export interface PodProbesOptions {
  deps: Pick<WorkerDeps, 'runtime' | 'clock' | 'random' | 'events' | 'probeTally'>;
  notes: Notes;
  pod: () => V1Pod;
  podIp: () => string;
  /** Called when a verdict has changed. */
  onVerdict: () => void;
}

/** Probes the running containers of one pod and writes what it finds into the notes. */
export class PodProbes {
  readonly #options: PodProbesOptions;
  readonly #probers = new Map<string, ContainerProber>();

  constructor(options: PodProbesOptions) {
    this.#options = options;
  }

  /** Probes every running container and no other. */
  sync(observed: ObservedPod): void {
    const running = new Set<string>();
    for (const { kind, container } of containersOf(this.#options.pod())) {
      const seen = latest(observed, container.name);
      const health = this.#options.notes.get(container.name)?.health;
      if (kind === 'ephemeral' || seen?.state !== 'running' || health?.id !== seen.id || health.starting) continue;
      if (!container.startupProbe && !container.livenessProbe && !container.readinessProbe) continue;
      running.add(seen.id);
      if (!this.#probers.has(seen.id)) this.#probers.set(seen.id, this.#begin(container, seen));
    }
    for (const [id, prober] of this.#probers) {
      if (running.has(id)) continue;
      prober.stop();
      this.#probers.delete(id);
    }
  }

  stopAllButReadiness(): void {
    for (const prober of this.#probers.values()) prober.stopAllButReadiness();
  }

  stop(): void {
    for (const prober of this.#probers.values()) prober.stop();
    this.#options.deps.probeTally.forget(this.#options.pod().metadata?.uid ?? '');
  }

  #begin(container: V1Container, seen: ObservedContainer): ContainerProber {
    const { deps, notes } = this.#options;
    const health = notes.get(container.name)?.health;
    return new ContainerProber({
      runtime: deps.runtime,
      clock: deps.clock,
      random: deps.random,
      startedAtMs: seen.startedAtMs,
      target: { container, containerId: seen.id, podIp: this.#options.podIp() },
      started: health?.started ?? false,
      ready: health?.ready ?? false,
      listener: {
        attempted: (kind, outcome) => deps.probeTally.add(this.#options.pod(), container.name, kind, outcome),
        verdict: (kind, passed) => this.#verdict(container.name, seen.id, kind, passed),
        failed: (kind, text) => this.#tell(container.name, 'Unhealthy', `${probeNames[kind]} probe failed: ${text}`),
        warned: (kind, text) =>
          this.#tell(container.name, 'ProbeWarning', `${probeNames[kind]} probe warning: ${text}`),
      },
    });
  }

  #verdict(name: string, id: string, kind: ProbeKind, passed: boolean): void {
    const { notes } = this.#options;
    if (kind === 'readiness') notes.health(name, id, { ready: passed });
    else if (!passed) notes.health(name, id, { failed: kind });
    else if (kind === 'startup') notes.health(name, id, { started: true });
    this.#options.onVerdict();
  }

  #tell(container: string, reason: string, message: string): void {
    this.#options.deps.events.pod(this.#options.pod(), { type: 'Warning', reason, message, container });
  }
}
