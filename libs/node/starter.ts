import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { latest } from '../pods/observed.ts';
import type { StartAction } from '../pods/plan.ts';
import { hashOf } from '../pods/spec.ts';
import { type ImageInfo, RuntimeError, type SandboxConfig } from '../runtime/runtime.ts';
import { containerConfigOf } from './container.ts';
import { factsOf, nodeBounds, type WorkerDeps } from './deps.ts';
import { containerEnvironment } from './env.ts';
import type { Occurrence } from './events.ts';
import { StartError, textOf } from './failure.ts';
import { runHook } from './hooks.ts';
import type { PodPaths } from './options.ts';
import { refuseRoot } from './security.ts';
import type { PodVolumes } from './volumes/volumes.ts';

/** After a configuration error, when to look again if nothing that it refers to has changed before. */
const configRetryMs = 5000;
/** After a container could not be created, when to try again. */
const createRetryMs = 5000;

export interface StartContext {
  deps: WorkerDeps;
  pod: V1Pod;
  sandboxId: string;
  sandbox: SandboxConfig;
  podIps: readonly string[];
  paths: PodPaths;
  volumes: PodVolumes;
  image: Promise<ImageInfo>;
  /** Called with the new container's id before it starts. */
  onCreated: (id: string) => void;
}

function event(
  context: StartContext,
  action: StartAction,
  occurrence: Pick<Occurrence, 'type' | 'reason' | 'message'>,
): void {
  context.deps.events.pod(context.pod, { ...occurrence, container: action.container.name });
}

function configError(context: StartContext, error: unknown): StartError {
  return new StartError('CreateContainerConfigError', textOf(error), context.deps.clock.now() + configRetryMs, error);
}

async function configure(context: StartContext, action: StartAction, image: ImageInfo) {
  const { deps, pod } = context;
  const { container } = action;
  const refusal = refuseRoot(pod, container, image);
  if (refusal) throw configError(context, new Error(refusal));
  try {
    const facts = factsOf(deps, pod, context.podIps);
    const volumePath = (name: string) => context.volumes.pathOf(name);
    const environment = await containerEnvironment({ ...facts, container, objects: deps.objects, volumePath });
    return await containerConfigOf({
      pod,
      container,
      restartCount: action.restartCount,
      image,
      environment,
      paths: context.paths,
      volumePath,
      node: nodeBounds(deps),
      targetId: targetOf(context, action),
    });
  } catch (error) {
    throw configError(context, error);
  }
}

/** The running container whose processes a debugging container joins. */
function targetOf(context: StartContext, action: StartAction): string | undefined {
  if (action.kind !== 'ephemeral') return undefined;
  const all = context.pod.spec?.ephemeralContainers ?? [];
  const target = all.find(({ name }) => name === action.container.name)?.targetContainerName;
  return target ? latest(context.deps.view.pod(context.pod.metadata?.uid ?? ''), target)?.id : undefined;
}

async function create(context: StartContext, action: StartAction, image: ImageInfo): Promise<string> {
  const { deps, pod } = context;
  const config = await configure(context, action, image);
  if (action.replaces) {
    await deps.runtime.removeContainer(action.replaces.id);
    deps.view.forget(action.replaces.id);
  }
  let id: string;
  try {
    id = await deps.runtime.createContainer(context.sandboxId, config, context.sandbox);
  } catch (error) {
    throw new StartError('CreateContainerError', textOf(error), deps.clock.now() + createRetryMs, error);
  }
  const now = deps.clock.now();
  deps.view.addContainer(identity(pod), {
    id,
    sandboxId: context.sandboxId,
    name: action.container.name,
    restartCount: action.restartCount,
    hash: hashOf(action.container),
    state: 'created',
    createdAtMs: now,
    startedAtMs: 0,
    finishedAtMs: 0,
    exitCode: 0,
    reason: '',
    message: '',
    image: action.container.image ?? '',
    imageRef: image.digests[0] ?? image.id,
  });
  return id;
}

export function identity(pod: V1Pod) {
  return {
    uid: pod.metadata?.uid ?? '',
    name: pod.metadata?.name ?? '',
    namespace: pod.metadata?.namespace ?? '',
  };
}

/** Makes and starts one container. @throws StartError with what its status shows. */
export async function startContainer(context: StartContext, action: StartAction): Promise<string> {
  const { deps, pod } = context;
  const image = await context.image;
  return deps.startGate.run(async () => {
    const id = await create(context, action, image);
    context.onCreated(id);
    event(context, action, { type: 'Normal', reason: 'Created', message: 'Container created' });
    try {
      await deps.runtime.startContainer(id);
    } catch (error) {
      await deps.view.refreshContainer(id, context.sandboxId, identity(pod));
      // A container that never came to exist is made anew; one that could not run its command has ended and backs off.
      const gone = error instanceof RuntimeError && error.code === 'unavailable';
      throw new StartError(
        'RunContainerError',
        textOf(error),
        gone ? deps.clock.now() + createRetryMs : undefined,
        error,
      );
    }
    await deps.view.refreshContainer(id, context.sandboxId, identity(pod));
    event(context, action, { type: 'Normal', reason: 'Started', message: 'Container started' });
    return id;
  });
}

/** Runs the start hook. @throws StartError when it fails; the container must be stopped then. */
export async function runStartHook(context: StartContext, container: V1Container, id: string): Promise<void> {
  const hook = container.lifecycle?.postStart;
  if (!hook) return;
  const podIp = factsOf(context.deps, context.pod, context.podIps).podIps[0] ?? '';
  try {
    await runHook(context.deps, hook, { container, containerId: id, podIp }, undefined);
  } catch (error) {
    context.deps.events.pod(context.pod, {
      type: 'Warning',
      reason: 'FailedPostStartHook',
      message: 'PostStartHook failed',
      container: container.name,
    });
    throw new StartError('PostStartHookError', textOf(error), undefined, error);
  }
}
