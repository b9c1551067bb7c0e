import { rm } from 'node:fs/promises';
import type { V1Pod } from '../api/gen/types.ts';
import { sleep } from '../base/clock.ts';
import type { WorkerDeps } from './deps.ts';
import type { PodPaths } from './options.ts';
import { identity } from './starter.ts';
import { stopContainers } from './stopper.ts';
import { removePodFiles } from './volumes/volumes.ts';

/** The kernel lets go of a cgroup a moment after its last process has ended. */
const cgroupRetry = { delayMs: 20, attemptsMax: 100 };

export interface EndRequest {
  pod: V1Pod;
  paths: PodPaths;
  /** Read anew at each step: a second deletion may shorten it. */
  graceMs: () => number;
  podIp: string;
  /** Whether the pod's object is on its way out, so that nobody will look at its containers again. */
  deleted: () => boolean;
  /** Work on the pod that is still under way. */
  busy: () => Array<Promise<void>>;
  /** Every container has ended. */
  onStopped: () => void;
}

/**
 * Ends a pod: containers with their grace, then sandbox, files and cgroup. Each step may be repeated, so that a failure
 * is mended by doing it all again. Containers and logs stay to be read unless the pod is being deleted. Answers the ids
 * of the sandboxes that have gone altogether, with their containers.
 */
export async function endPod(deps: WorkerDeps, request: EndRequest): Promise<ReadonlySet<string>> {
  const { pod, paths } = request;
  const uid = pod.metadata?.uid ?? '';
  const running = () => deps.view.pod(uid).containers.filter(({ state }) => state === 'running');
  if (request.graceMs() === 0) {
    // The sandbox takes its containers with it.
    await Promise.allSettled(request.busy());
  } else {
    await stopContainers(deps, pod, { running: running(), graceMs: request.graceMs(), podIp: request.podIp });
    await Promise.allSettled(request.busy());
    // What was being started when the end was decided.
    await stopContainers(deps, pod, { running: running(), graceMs: 0, podIp: request.podIp });
  }
  const removed = request.deleted() ? await removeSandboxes(deps, pod) : await stopSandboxes(deps, uid);
  request.onStopped();
  await removePodFiles(deps.runtime, uid, paths);
  await removeCgroup(deps, uid);
  return removed;
}

/** Stops and removes in one call: after a stop of its own, containerd takes the network down a second time. */
async function removeSandboxes(deps: WorkerDeps, pod: V1Pod): Promise<Set<string>> {
  const { sandboxes, containers } = deps.view.pod(pod.metadata?.uid ?? '');
  const left = containers.filter(({ state }) => state === 'running' || state === 'unknown');
  await deps.view.ending(
    [...left, ...sandboxes].map(({ id }) => id),
    async () => {
      await Promise.all(
        left.map(async ({ id, sandboxId }) => {
          await deps.runtime.stopContainer(id, 0);
          await deps.view.refreshContainer(id, sandboxId, identity(pod));
        }),
      );
      await Promise.all(sandboxes.map(({ id }) => deps.runtime.removeSandbox(id)));
    },
  );
  for (const { id } of sandboxes) deps.view.sandboxGone(id);
  return new Set(sandboxes.map(({ id }) => id));
}

async function stopSandboxes(deps: WorkerDeps, uid: string): Promise<Set<string>> {
  const observed = deps.view.pod(uid);
  const ids = observed.sandboxes.map(({ id }) => id);
  await deps.view.ending(ids, () => Promise.all(ids.map((id) => deps.runtime.stopSandbox(id))));
  for (const id of ids) deps.view.sandboxGone(id);
  for (const container of observed.containers) {
    if (container.state !== 'running' && container.state !== 'unknown') continue;
    const [identity] = deps.view.identities().filter((known) => known.uid === uid);
    await deps.view.refreshContainer(container.id, container.sandboxId, identity);
  }
  return new Set();
}

/** @throws Error when the kernel does not let go of it. */
export async function removeCgroup(deps: Pick<WorkerDeps, 'cgroups' | 'clock'>, uid: string): Promise<void> {
  for (let attempt = 0; attempt < cgroupRetry.attemptsMax; attempt++) {
    if (deps.cgroups.remove(uid)) return;
    await sleep(deps.clock, cgroupRetry.delayMs);
  }
  throw new Error(`cgroup of pod ${uid} is still in use`);
}

/** Removes what `endPod` kept: containers, sandboxes and logs. */
export async function removePod(
  deps: Pick<WorkerDeps, 'view' | 'runtime'>,
  uid: string,
  { logs, removed }: { logs: string; removed: ReadonlySet<string> },
): Promise<void> {
  const { sandboxes, containers } = deps.view.pod(uid);
  const kept = containers.filter(({ sandboxId }) => !removed.has(sandboxId));
  await Promise.all(kept.map(({ id }) => deps.runtime.removeContainer(id)));
  const left = sandboxes.filter(({ id }) => !removed.has(id));
  await Promise.all(left.map(({ id }) => deps.runtime.removeSandbox(id)));
  for (const { id } of [...containers, ...sandboxes]) deps.view.forget(id);
  await rm(logs, { recursive: true, force: true });
}
