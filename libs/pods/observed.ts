import type { V1ResourceRequirements } from '../api/gen/types.ts';

/** A pod sandbox as the runtime last told of it. */
export interface ObservedSandbox {
  id: string;
  attempt: number;
  ready: boolean;
  createdAtMs: number;
  ips: string[];
}

/** A container as the runtime last told of it. Times are milliseconds since the epoch, 0 for never. */
export interface ObservedContainer {
  id: string;
  sandboxId: string;
  name: string;
  restartCount: number;
  /** hashOf the specification it was made from. */
  hash: string;
  state: 'created' | 'running' | 'exited' | 'unknown';
  createdAtMs: number;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
  reason: string;
  message: string;
  image: string;
  imageRef: string;
}

/** What runs of one pod. Both lists have the newest first. */
export interface ObservedPod {
  sandboxes: readonly ObservedSandbox[];
  containers: readonly ObservedContainer[];
}

export const nothingObserved: ObservedPod = { sandboxes: [], containers: [] };

/** Why a container could not be started, in the words that its status shows. */
export interface StartFailure {
  reason: string;
  message: string;
  /** No attempt before this time; absent when only the restart back-off counts. */
  retryAtMs?: number;
}

/** A step of a restart back-off. */
export interface BackoffStep {
  delayMs: number;
  /** When it was entered. */
  atMs: number;
}

/** The last step of a container's restart back-off. */
export interface RestartBackoff extends BackoffStep {
  /** backoffKeyOf the container that it is for. */
  key: string;
}

/** What probes and hooks have found out about the container `id`. */
export interface ContainerHealth {
  id: string;
  /** Its start hook has returned and its startup probe, if any, has passed. */
  started: boolean;
  ready: boolean;
  /** The probe that asks for a restart. */
  failed?: 'liveness' | 'startup';
  /** The start hook is still running: the container does not count as running yet. */
  starting?: boolean;
}

/** What the agent remembers of one container by name, beyond what the runtime keeps. */
export interface ContainerNotes {
  failure?: StartFailure;
  backoff?: RestartBackoff;
  health?: ContainerHealth;
  /** What the run `id` was last given. */
  applied?: { id: string; resources: V1ResourceRequirements };
  /** The run that was stopped so that one with other resources follows. */
  replacedId?: string;
}

export type PodNotes = ReadonlyMap<string, ContainerNotes>;

/** The newest container of a name. */
export function latest(observed: ObservedPod, name: string): ObservedContainer | undefined {
  return observed.containers.find((container) => container.name === name);
}

/** The sandbox that the pod's containers belong in, if it is usable. */
export function currentSandbox(observed: ObservedPod): ObservedSandbox | undefined {
  const newest = observed.sandboxes[0];
  return newest?.ready ? newest : undefined;
}
