import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { computeInitActions } from './init.ts';
import {
  type ContainerNotes,
  currentSandbox,
  latest,
  type ObservedContainer,
  type ObservedPod,
  type ObservedSandbox,
  type PodNotes,
} from './observed.ts';
import { resizeOf } from './resize.ts';
import { backoffUntil, durationText } from './restart.ts';
import { type ContainerKind, containersOf, hashOf, podText, restartsAfter } from './spec.ts';

export interface StopAction {
  container: ObservedContainer;
  /** What an event says of it. */
  message: string;
  cause: 'changed' | 'resize' | 'liveness' | 'startup' | 'unknown';
}

export interface StartAction {
  kind: ContainerKind;
  container: V1Container;
  restartCount: number;
  /** The end of the last run, when there was one. */
  previous?: ObservedContainer;
  /** Was made and never started; it must go first. */
  replaces?: ObservedContainer;
}

export interface ResizeAction {
  container: V1Container;
  running: ObservedContainer;
}

export interface Waiting {
  reason: string;
  message: string;
}

/** What the pod needs now. Stops come before starts; everything in one list may run at once. */
export interface PodPlan {
  /** A sandbox to make, and the ones to stop before it. */
  createSandbox?: { attempt: number; stale: readonly ObservedSandbox[] };
  stop: StopAction[];
  /** Running containers that get other limits as they run. */
  resize: ResizeAction[];
  start: StartAction[];
  /** Why some containers wait, by name. */
  waiting: Map<string, Waiting>;
  /** Nothing of the pod will run again: what still runs may be stopped. */
  finished: boolean;
  /** When to look again though nothing has changed. */
  wakeAtMs: number | undefined;
}

/** The pod, what runs of it, what is remembered of it, and the time. */
export interface PodView {
  pod: V1Pod;
  observed: ObservedPod;
  notes: PodNotes;
  nowMs: number;
}

function emptyPlan(): PodPlan {
  return { stop: [], resize: [], start: [], waiting: new Map(), finished: false, wakeAtMs: undefined };
}

function wake(plan: PodPlan, atMs: number): void {
  plan.wakeAtMs = plan.wakeAtMs === undefined ? atMs : Math.min(plan.wakeAtMs, atMs);
}

/** Asks for a start, unless the container must wait; then says why and until when. */
export function startOrWait(
  view: PodView,
  plan: PodPlan,
  wanted: { kind: ContainerKind; container: V1Container },
): void {
  const { container } = wanted;
  const previous = latest(view.observed, container.name);
  const notes: ContainerNotes | undefined = view.notes.get(container.name);
  const retryAtMs = notes?.failure?.retryAtMs;
  if (retryAtMs !== undefined && retryAtMs > view.nowMs) {
    wake(plan, retryAtMs);
    return;
  }
  if (previous?.state === 'created') {
    plan.start.push({ ...wanted, restartCount: previous.restartCount, replaces: previous });
    return;
  }
  const hold = previous?.state === 'exited' ? backoffUntil(notes?.backoff, previous.finishedAtMs) : undefined;
  if (hold && hold.untilMs > view.nowMs) {
    const message = `back-off ${durationText(hold.delayMs)} restarting failed container=${container.name} pod=${podText(view.pod)}`;
    plan.waiting.set(container.name, { reason: 'CrashLoopBackOff', message });
    wake(plan, hold.untilMs);
    return;
  }
  plan.start.push({ ...wanted, restartCount: previous ? previous.restartCount + 1 : 0, previous });
}

/** Why a running container must be stopped, if it must. */
export function stopCause(
  view: PodView,
  container: V1Container,
  running: ObservedContainer,
): { cause: StopAction['cause']; text: string } | undefined {
  const health = view.notes.get(container.name)?.health;
  if (running.hash !== '' && running.hash !== hashOf(container)) {
    return { cause: 'changed', text: `Container ${container.name} definition changed` };
  }
  if (resizeOf(container, view.notes, running.id) === 'restart') {
    return { cause: 'resize', text: `Container ${container.name} resize requires restart` };
  }
  if (health?.id !== running.id || !health.failed) return undefined;
  return { cause: health.failed, text: `Container ${container.name} failed ${health.failed} probe` };
}

/** Whether any main container has been made in this sandbox: the pod has been initialised in it. */
export function hasInitialized(view: PodView, sandbox: ObservedSandbox): boolean {
  return (view.pod.spec?.containers ?? []).some((container) =>
    view.observed.containers.some((seen) => seen.name === container.name && seen.sandboxId === sandbox.id),
  );
}

function wantsRestart(container: V1Container, pod: V1Pod): boolean {
  return (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never';
}

/** Asks for other limits where a running container can take them as it runs. */
export function planResize(view: PodView, plan: PodPlan, container: V1Container, running: ObservedContainer): void {
  if (resizeOf(container, view.notes, running.id) === 'inPlace') plan.resize.push({ container, running });
}

function planMain(view: PodView, plan: PodPlan, container: V1Container): boolean {
  const seen = latest(view.observed, container.name);
  if (!seen || seen.state === 'created') {
    startOrWait(view, plan, { kind: 'main', container });
    return true;
  }
  if (seen.state === 'unknown') {
    plan.stop.push({ container: seen, message: 'Container is in an unknown state', cause: 'unknown' });
    return true;
  }
  if (seen.state === 'exited') {
    if (!restartsAfter(container, view.pod.spec?.restartPolicy, seen.exitCode)) return false;
    startOrWait(view, plan, { kind: 'main', container });
    return true;
  }
  const stop = stopCause(view, container, seen);
  if (!stop) {
    planResize(view, plan, container, seen);
    return true;
  }
  const restart = stop.cause === 'changed' || stop.cause === 'resize' || wantsRestart(container, view.pod);
  plan.stop.push({
    container: seen,
    cause: stop.cause,
    message: restart ? `${stop.text}, will be restarted` : stop.text,
  });
  return true;
}

function planEphemeral(view: PodView, plan: PodPlan): void {
  for (const { kind, container } of containersOf(view.pod)) {
    if (kind === 'ephemeral' && !latest(view.observed, container.name)) startOrWait(view, plan, { kind, container });
  }
}

function succeeded(view: PodView, container: V1Container): boolean {
  const seen = latest(view.observed, container.name);
  return seen?.state === 'exited' && seen.exitCode === 0;
}

function runsIn(observed: ObservedPod, sandbox: ObservedSandbox): boolean {
  return observed.containers.some(({ sandboxId, state }) => sandboxId === sandbox.id && state === 'running');
}

/** No usable sandbox: whether one is made, and what would start in it first. */
function planSandbox(view: PodView): PodPlan {
  const { pod, observed } = view;
  const plan = emptyPlan();
  const newest = observed.sandboxes[0];
  const policy = pod.spec?.restartPolicy;
  if (policy === 'Never' && newest && observed.containers.length > 0) return { ...plan, finished: true };
  const mains = (pod.spec?.containers ?? []).filter((container) => {
    const own = container.restartPolicy ?? policy;
    return !(own === 'OnFailure' && succeeded(view, container));
  });
  const ranBefore = (pod.spec?.containers ?? []).some((container) => latest(observed, container.name));
  if (mains.length === 0 && ranBefore) return { ...plan, finished: true };
  plan.createSandbox = {
    attempt: newest ? newest.attempt + 1 : 0,
    stale: observed.sandboxes.filter((sandbox) => sandbox.ready || runsIn(observed, sandbox)),
  };
  const first = pod.spec?.initContainers?.[0];
  if (first) startOrWait(view, plan, { kind: 'init', container: first });
  else for (const container of mains) startOrWait(view, plan, { kind: 'main', container });
  return plan;
}

/**
 * What a pod that is not being deleted should do next. Deterministic: the same view gives the same plan.
 * The order of decisions follows the documented life cycle of pods: sandbox, init containers one by one, then all main ones.
 */
export function computePodActions(view: PodView): PodPlan {
  const sandbox = currentSandbox(view.observed);
  const usable = sandbox && (view.pod.spec?.hostNetwork || sandbox.ips.length > 0);
  if (!sandbox || !usable) return planSandbox(view);
  const plan = emptyPlan();
  planEphemeral(view, plan);
  const initialized = computeInitActions(view, plan, sandbox);
  if (plan.finished || !initialized) return plan;
  let alive = 0;
  for (const container of view.pod.spec?.containers ?? []) if (planMain(view, plan, container)) alive += 1;
  if (alive > 0) return plan;
  return { ...emptyPlan(), finished: true };
}
