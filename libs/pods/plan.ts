import type { V1Container, V1Pod } from '../api/gen/types.ts';
import {
  type ContainerNotes,
  latest,
  type ObservedContainer,
  type ObservedPod,
  type ObservedSandbox,
  type PodNotes,
} from './observed.ts';
import { resizeOf } from './resize.ts';
import { backoffOf, backoffUntil, durationText } from './restart.ts';
import { type ContainerKind, hashOf, podText } from './spec.ts';

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

export function emptyPlan(): PodPlan {
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
  const backoff = backoffOf(notes, container);
  const hold = previous?.state === 'exited' ? backoffUntil(backoff, previous.finishedAtMs) : undefined;
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

/** Whether a run was stopped so that one with other resources follows: its exit code says nothing of its work. */
export function isReplaced(view: PodView, seen: ObservedContainer): boolean {
  return view.notes.get(seen.name)?.replacedId === seen.id;
}

/** Asks for other limits where a running container can take them as it runs. */
export function planResize(view: PodView, plan: PodPlan, container: V1Container, running: ObservedContainer): void {
  if (resizeOf(container, view.notes, running.id) === 'inPlace') plan.resize.push({ container, running });
}
