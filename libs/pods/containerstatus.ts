import type { V1Container, V1ContainerState, V1ContainerStatus, V1Pod } from '../api/gen/types.ts';
import { rfc3339 } from '../base/clock.ts';
import type { ContainerHealth, ObservedContainer, ObservedPod, PodNotes } from './observed.ts';
import type { Waiting } from './plan.ts';
import { appliedResources, resizeOf } from './resize.ts';
import { type ContainerKind, isSidecar, restartsAfter } from './spec.ts';

/** What statuses are computed from. `runtimeName` is the scheme of container ids. */
export interface StatusSource {
  pod: V1Pod;
  observed: ObservedPod;
  notes: PodNotes;
  waiting: ReadonlyMap<string, Waiting>;
  runtimeName: string;
  /** The pod ends: nothing will be started again. */
  ending: boolean;
  /** Why the node does not grant what the pod asks for now; it keeps what it had. */
  resizeRefusal?: { reason: string; message: string };
}

function timeOf(ms: number): string | undefined {
  return ms > 0 ? rfc3339(ms) : undefined;
}

function terminatedState(seen: ObservedContainer, runtimeName: string): V1ContainerState {
  return {
    terminated: {
      exitCode: seen.exitCode,
      reason: seen.reason || (seen.exitCode === 0 ? 'Completed' : 'Error'),
      ...(seen.message ? { message: seen.message } : {}),
      startedAt: timeOf(seen.startedAtMs),
      finishedAt: timeOf(seen.finishedAtMs),
      containerID: `${runtimeName}://${seen.id}`,
    },
  };
}

function runtimeState(source: StatusSource, seen: ObservedContainer, health: ContainerHealth | undefined) {
  if (seen.state === 'exited') return terminatedState(seen, source.runtimeName);
  if (seen.state === 'running' && !(health?.id === seen.id && health.starting)) {
    return { running: { startedAt: timeOf(seen.startedAtMs) } };
  }
  return undefined;
}

function initialWaiting(pod: V1Pod): V1ContainerState {
  return { waiting: { reason: pod.spec?.initContainers?.length ? 'PodInitializing' : 'ContainerCreating' } };
}

function mountStatuses(container: V1Container) {
  return container.volumeMounts?.map((mount) => ({
    name: mount.name,
    mountPath: mount.mountPath,
    ...(mount.readOnly ? { readOnly: true, recursiveReadOnly: 'Disabled' } : {}),
  }));
}

/** Whether an end of this container is followed by another run. */
function willRun(
  source: StatusSource,
  kind: ContainerKind,
  container: V1Container,
  seen: ObservedContainer | undefined,
) {
  if (source.ending) return false;
  if (!seen || seen.state === 'created') return true;
  if (seen.state !== 'exited' || kind === 'ephemeral') return false;
  if (kind === 'init' && isSidecar(container)) return true;
  if (kind === 'init' && seen.exitCode === 0) return false;
  return restartsAfter(container, source.pod.spec?.restartPolicy, seen.exitCode);
}

/** What the container has; in the words of its specification once it has what that asks for. */
function shownResources(source: StatusSource, container: V1Container, seen: ObservedContainer) {
  const applied = appliedResources(source.notes, container.name, seen.id);
  const wanted = container.resources ?? {};
  return applied && resizeOf(container, source.notes, seen.id) !== 'none' ? applied : wanted;
}

function identity(source: StatusSource, container: V1Container, seen: ObservedContainer | undefined) {
  const image = container.image ?? '';
  if (!seen) return { image, imageID: '', restartCount: 0 };
  const applied = source.resizeRefusal && appliedResources(source.notes, container.name, seen.id);
  const allocated = (applied ?? container.resources)?.requests;
  return {
    image: seen.image.startsWith('sha256:') || seen.image === '' ? image : seen.image,
    imageID: seen.imageRef,
    restartCount: seen.restartCount,
    containerID: `${source.runtimeName}://${seen.id}`,
    resources: shownResources(source, container, seen),
    ...(allocated ? { allocatedResources: allocated } : {}),
  };
}

function readiness(
  kind: ContainerKind,
  container: V1Container,
  state: V1ContainerState,
  health: ContainerHealth | undefined,
) {
  const running = state.running !== undefined;
  const started = running && (health?.started ?? false);
  if (kind === 'ephemeral') return { ready: false };
  if (kind === 'init' && !isSidecar(container)) return { ready: state.terminated?.exitCode === 0, started };
  return { ready: started && (health?.ready ?? false), started };
}

/** The status of one container as the API shows it. `old` is its status before. */
export function containerStatus(
  source: StatusSource,
  kind: ContainerKind,
  container: V1Container,
  old: V1ContainerStatus | undefined,
): V1ContainerStatus {
  const runs = source.observed.containers.filter(({ name }) => name === container.name);
  const [seen, before] = runs;
  const notes = source.notes.get(container.name);
  const health = notes?.health?.id === seen?.id ? notes?.health : undefined;
  let state: V1ContainerState | undefined = seen && runtimeState(source, seen, health);
  let lastState: V1ContainerState = before?.state === 'exited' ? terminatedState(before, source.runtimeName) : {};
  if (!seen && old?.state?.terminated) state = old.state;
  if (!before && old?.lastState?.terminated && old.restartCount === seen?.restartCount) lastState = old.lastState;
  const wait = notes?.failure ?? source.waiting.get(container.name);
  if (wait && !state?.running && willRun(source, kind, container, seen)) {
    if (state?.terminated) lastState = { terminated: state.terminated };
    const { reason, message } = source.waiting.get(container.name) ?? wait;
    state = { waiting: { reason, ...(message ? { message } : {}) } };
  }
  state ??= initialWaiting(source.pod);
  const volumeMounts = mountStatuses(container);
  return {
    name: container.name,
    state,
    lastState,
    ...readiness(kind, container, state, health),
    ...identity(source, container, seen),
    ...(volumeMounts?.length ? { volumeMounts } : {}),
  };
}
