import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { stopOrder } from '../pods/init.ts';
import type { ObservedContainer } from '../pods/observed.ts';
import { containerNamed } from '../pods/spec.ts';
import type { WorkerDeps } from './deps.ts';
import { textOf } from './failure.ts';
import { runHook } from './hooks.ts';
import { identity } from './starter.ts';

/** A hook that used up the whole grace period still leaves the container this long to end. */
const graceMsMin = 2000;

export interface StopRequest {
  pod: V1Pod;
  container: ObservedContainer;
  graceMs: number;
  podIp: string;
  message: string;
}

async function preStop(deps: WorkerDeps, request: StopRequest, container: V1Container): Promise<void> {
  const hook = container.lifecycle?.preStop;
  if (!hook) return;
  const target = { container, containerId: request.container.id, podIp: request.podIp };
  try {
    await runHook(deps, hook, target, request.graceMs);
  } catch (error) {
    deps.logger.info('preStop hook failed', { container: container.name, error: textOf(error) });
    deps.events.pod(request.pod, {
      type: 'Warning',
      reason: 'FailedPreStopHook',
      message: 'PreStopHook failed',
      container: container.name,
    });
  }
}

/** Ends one container: preStop hook, stop signal, then kill when its grace is over. Resolves when it has exited. */
export async function stopContainer(deps: WorkerDeps, request: StopRequest): Promise<void> {
  const { pod, container } = request;
  const entry = containerNamed(pod, container.name);
  deps.events.pod(pod, {
    type: 'Normal',
    reason: 'Killing',
    message: request.message,
    container: container.name,
  });
  const begunAt = deps.clock.monotonic();
  if (entry && request.graceMs > 0) await preStop(deps, request, entry.container);
  const leftMs = request.graceMs - (deps.clock.monotonic() - begunAt);
  const graceMs = Math.max(Math.min(graceMsMin, request.graceMs), leftMs);
  await deps.view.ending([container.id], async () => {
    await deps.runtime.stopContainer(container.id, Math.ceil(graceMs / 1000));
    await deps.view.refreshContainer(container.id, container.sandboxId, identity(pod));
  });
}

/** Ends every running container of a pod within one grace period: sidecars after the others, from last to first. */
export async function stopContainers(
  deps: WorkerDeps,
  pod: V1Pod,
  options: { running: readonly ObservedContainer[]; graceMs: number; podIp: string },
): Promise<void> {
  const begunAt = deps.clock.monotonic();
  for (const group of stopOrder(pod, options.running)) {
    const leftMs = options.graceMs - (deps.clock.monotonic() - begunAt);
    const graceMs = Math.max(Math.min(graceMsMin, options.graceMs), leftMs);
    await Promise.all(
      group.map((container) =>
        stopContainer(deps, {
          pod,
          container,
          graceMs,
          podIp: options.podIp,
          message: `Stopping container ${container.name}`,
        }),
      ),
    );
  }
}
