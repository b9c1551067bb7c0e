import type { V1Container, V1Pod } from '../api/gen/types.ts';
import type { ContainerHealth, ContainerNotes, ObservedContainer, StartFailure } from '../pods/observed.ts';
import { backoffKeyOf, backoffOf, nextBackoff } from '../pods/restart.ts';

/** What a worker remembers of its containers, by name. */
export class Notes {
  readonly #notes = new Map<string, ContainerNotes>();

  get all(): ReadonlyMap<string, ContainerNotes> {
    return this.#notes;
  }

  get(name: string): ContainerNotes | undefined {
    return this.#notes.get(name);
  }

  fail(name: string, failure: StartFailure | undefined): void {
    this.#change(name, { failure });
  }

  /** A container that ended starts again: the next end meets a longer wait. */
  restarted(container: V1Container, previous: ObservedContainer, nowMs: number): void {
    const before = backoffOf(this.get(container.name), container);
    const backoff = { ...nextBackoff(before, previous.finishedAtMs, nowMs), key: backoffKeyOf(container) };
    this.#change(container.name, { backoff });
  }

  begin(container: V1Container, id: string): void {
    const starting = container.lifecycle?.postStart !== undefined;
    this.#change(container.name, {
      health: {
        id,
        started: !container.startupProbe && !starting,
        ready: !container.readinessProbe,
        starting,
      },
      applied: { id, resources: container.resources ?? {} },
    });
  }

  /** The run `id` is stopped so that another follows. */
  replaced(name: string, id: string): void {
    this.#change(name, { replacedId: id });
  }

  /** The running container has these resources now. */
  resized(container: V1Container, id: string): void {
    this.#change(container.name, { applied: { id, resources: container.resources ?? {} } });
  }

  /** What probes say of the run `id`; ignored for one that is no longer the newest. True when something changed. */
  health(name: string, id: string, change: Partial<ContainerHealth>): boolean {
    const before = this.get(name)?.health;
    if (before?.id !== id) return false;
    this.#change(name, { health: { ...before, ...change } });
    return true;
  }

  /** Takes over a container that an earlier agent started: what the API last said of it still holds. */
  adopt(pod: V1Pod, container: V1Container, seen: ObservedContainer): void {
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])];
    const known = statuses.find(({ containerID }) => containerID?.endsWith(`://${seen.id}`));
    this.#change(container.name, {
      health: {
        id: seen.id,
        started: !container.startupProbe || known?.started === true,
        ready: !container.readinessProbe || known?.ready === true,
      },
      applied: { id: seen.id, resources: known?.resources ?? container.resources ?? {} },
    });
  }

  /** Lets every container whose configuration was wrong try again at once. True when there was one. */
  retryConfiguration(): boolean {
    let any = false;
    for (const [name, { failure }] of this.#notes) {
      if (failure?.reason !== 'CreateContainerConfigError') continue;
      this.fail(name, { ...failure, retryAtMs: 0 });
      any = true;
    }
    return any;
  }

  #change(name: string, change: Partial<ContainerNotes>): void {
    this.#notes.set(name, { ...this.#notes.get(name), ...change });
  }
}
