import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { latest, type ObservedPod, type ObservedSandbox } from '../pods/observed.ts';
import type { ResizeAction, StartAction, StopAction } from '../pods/plan.ts';
import { podAsApplied } from '../pods/resize.ts';
import { containerNamed, podText } from '../pods/spec.ts';
import type { ImageInfo, SandboxConfig } from '../runtime/runtime.ts';
import { containerResources } from './container.ts';
import { nodeBounds, type WorkerDeps } from './deps.ts';
import { StartError, textOf } from './failure.ts';
import type { Notes } from './notes.ts';
import type { PodPaths } from './options.ts';
import { runStartHook, type StartContext, startContainer } from './starter.ts';
import { stopContainer } from './stopper.ts';
import type { PodVolumes } from './volumes/volumes.ts';

/** A dead container is kept for its logs and last state; older ones go. */
const deadContainersKept = 1;
/** After a failure that nothing explains. */
const unknownRetryMs = 5000;
/** Failures that have told of themselves already. */
const announced = new Set(['ErrImagePull', 'ImagePullBackOff', 'PostStartHookError']);

export interface PodContainersOptions {
  deps: WorkerDeps;
  notes: Notes;
  paths: PodPaths;
  volumes: PodVolumes;
  pod: () => V1Pod;
  observed: () => ObservedPod;
  podIp: () => string;
  graceMs: () => number;
}

/** Starts and stops the containers of one pod and notes how that went. */
export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #images = new Map<string, Promise<ImageInfo>>();

  constructor(options: PodContainersOptions) {
    this.#options = options;
  }

  /** Begins to see to a container's image, once per start. */
  image(container: V1Container, sandbox: SandboxConfig): Promise<ImageInfo> {
    const known = this.#images.get(container.name);
    if (known) return known;
    const { deps, pod } = this.#options;
    const image = deps.images.ensure({
      ...{ pod: pod(), container: container.name, sandbox },
      image: container.image ?? '',
      pullPolicy: container.imagePullPolicy,
    });
    // It is looked at when the container starts; until then a failure is nobody's.
    image.catch(() => {});
    this.#images.set(container.name, image);
    return image;
  }

  /** Starts a container in the sandbox. Never rejects: a failure goes into the notes. */
  async start(action: StartAction, sandbox: ObservedSandbox, config: SandboxConfig): Promise<void> {
    const { deps, notes, paths, volumes } = this.#options;
    const { container } = action;
    const context: StartContext = {
      ...{ deps, paths, volumes, sandbox: config },
      pod: this.#options.pod(),
      sandboxId: sandbox.id,
      podIps: sandbox.ips,
      image: this.image(container, config),
      onCreated: (id) => {
        notes.begin(container, id);
        if (action.previous) notes.restarted(container, action.previous, deps.clock.now());
      },
    };
    this.#images.delete(container.name);
    // A run that follows another may come with other limits.
    if (action.previous)
      deps.cgroups.widen(context.pod, podAsApplied(context.pod, this.#options.observed(), notes.all));
    try {
      const id = await startContainer(context, action);
      if (action.previous) deps.cgroups.ensure(context.pod);
      notes.fail(container.name, undefined);
      await this.#afterStart(context, container, id);
    } catch (error) {
      this.#failed(action, error);
    }
    void this.#removeOld(container.name);
  }

  /** Stops a container that a probe or a change of its specification has condemned. */
  async stop(action: StopAction): Promise<void> {
    const { deps, notes, pod, podIp, graceMs } = this.#options;
    const { container, message, cause } = action;
    if (cause === 'resize') notes.replaced(container.name, container.id);
    const spec = containerNamed(pod(), container.name)?.container;
    const probe = cause === 'liveness' ? spec?.livenessProbe : cause === 'startup' ? spec?.startupProbe : undefined;
    const own = probe?.terminationGracePeriodSeconds;
    await stopContainer(deps, {
      pod: pod(),
      container,
      graceMs: own === undefined ? graceMs() : own * 1000,
      podIp: podIp(),
      message,
    });
  }

  /** Gives running containers the resources that the pod now asks for. @throws RuntimeError when one cannot have them. */
  async resize(actions: readonly ResizeAction[]): Promise<void> {
    const { deps, notes, pod, observed } = this.#options;
    const before = podAsApplied(pod(), observed(), notes.all);
    // No container may have more than its pod: the pod's limits grow first and shrink last.
    deps.cgroups.widen(pod(), before);
    for (const { container, running } of actions) {
      await deps.runtime.updateResources(running.id, containerResources(pod(), container, nodeBounds(deps)));
      notes.resized(container, running.id);
    }
    deps.cgroups.ensure(pod());
  }

  async #afterStart(context: StartContext, container: V1Container, id: string): Promise<void> {
    if (!container.lifecycle?.postStart) return;
    const { deps, notes, pod, observed, graceMs } = this.#options;
    try {
      await runStartHook(context, container, id);
      notes.health(container.name, id, { starting: false, started: !container.startupProbe });
    } catch (error) {
      const seen = latest(observed(), container.name);
      const message = 'FailedPostStartHook';
      if (seen?.id === id)
        await stopContainer(deps, { pod: pod(), container: seen, graceMs: graceMs(), podIp: '', message });
      throw error;
    }
  }

  #failed(action: StartAction, error: unknown): void {
    const { deps, notes, pod } = this.#options;
    const name = action.container.name;
    const failure =
      error instanceof StartError
        ? error
        : new StartError('CreateContainerError', textOf(error), deps.clock.now() + unknownRetryMs, error);
    const { reason, message, retryAtMs } = failure;
    notes.fail(name, { reason, message, retryAtMs });
    deps.logger.info('container not started', { pod: podText(pod()), container: name, reason, message });
    if (announced.has(reason)) return;
    const text = `Error: ${message}`;
    deps.events.pod(pod(), { type: 'Warning', reason: 'Failed', message: text, container: name });
  }

  async #removeOld(name: string): Promise<void> {
    const { deps, observed } = this.#options;
    const runs = observed().containers.filter((seen) => seen.name === name);
    for (const old of runs.slice(1 + deadContainersKept)) {
      if (old.state === 'running') continue;
      try {
        await deps.runtime.removeContainer(old.id);
        deps.view.forget(old.id);
      } catch (error) {
        // It is still there, and is tried again after the next run.
        deps.logger.info('an old container could not be removed', { id: old.id, error: textOf(error) });
      }
    }
  }
}
