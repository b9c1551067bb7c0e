import type { V1Container } from '../api/gen/types.ts';
import type { ObservedContainer, ObservedSandbox } from './observed.ts';
import { isReplaced, type PodPlan, type PodView, planResize, startOrWait, stopCause } from './plan.ts';
import { resizeOf } from './resize.ts';
import { isSidecar, restartsAfter } from './spec.ts';

/** The newest run of a container in this sandbox: what ran in an older one does not count. */
function seenIn(view: PodView, sandbox: ObservedSandbox, name: string): ObservedContainer | undefined {
  return view.observed.containers.find((seen) => seen.name === name && seen.sandboxId === sandbox.id);
}

/** Whether any main container has been made in this sandbox: the pod has been initialised in it. */
function hasInitialized(view: PodView, sandbox: ObservedSandbox): boolean {
  return (view.pod.spec?.containers ?? []).some((container) =>
    view.observed.containers.some((seen) => seen.name === container.name && seen.sandboxId === sandbox.id),
  );
}

/** A sidecar: true when what comes after it may run. */
function planSidecar(
  view: PodView,
  plan: PodPlan,
  container: V1Container,
  seen: ObservedContainer | undefined,
): boolean {
  if (seen?.state === 'running') {
    const stop = stopCause(view, container, seen);
    if (stop) {
      plan.stop.push({ container: seen, cause: stop.cause, message: `${stop.text}, will be restarted` });
      return false;
    }
    planResize(view, plan, container, seen);
    const health = view.notes.get(container.name)?.health;
    return health?.id === seen.id && health.started;
  }
  if (seen?.state === 'unknown') {
    plan.stop.push({ container: seen, message: 'Container is in an unknown state', cause: 'unknown' });
    return false;
  }
  startOrWait(view, plan, { kind: 'init', container });
  return false;
}

/** An ordinary init container: true when it has done its work. */
function planOnce(view: PodView, plan: PodPlan, container: V1Container, seen: ObservedContainer | undefined): boolean {
  if (seen?.state === 'running') {
    // Only a resize stops work that has begun: it is done with the image it began with, as under a kubelet.
    if (resizeOf(container, view.notes, seen.id) === 'restart') {
      const message = `Container ${container.name} resize requires restart, will be restarted`;
      plan.stop.push({ container: seen, cause: 'resize', message });
    } else planResize(view, plan, container, seen);
    return false;
  }
  if (seen?.state === 'exited' && isReplaced(view, seen)) {
    startOrWait(view, plan, { kind: 'init', container });
    return false;
  }
  if (seen?.state === 'exited' && seen.exitCode === 0) return true;
  if (seen?.state === 'unknown') {
    plan.stop.push({ container: seen, message: 'Container is in an unknown state', cause: 'unknown' });
    return false;
  }
  if (seen?.state === 'exited' && !restartsAfter(container, view.pod.spec?.restartPolicy, seen.exitCode)) {
    plan.finished = true;
    return false;
  }
  startOrWait(view, plan, { kind: 'init', container });
  return false;
}

/**
 * Adds what the init containers need and answers whether the main ones may run. Before the pod is initialised they go
 * strictly one after another; afterwards only sidecars are kept alive and they hold nothing up.
 */
export function computeInitActions(view: PodView, plan: PodPlan, sandbox: ObservedSandbox): boolean {
  const inits = view.pod.spec?.initContainers ?? [];
  const initialized = hasInitialized(view, sandbox);
  // A later init container that exists proves that the earlier ones were done, even if their remains are gone.
  let proven = -1;
  inits.forEach((container, index) => {
    if (seenIn(view, sandbox, container.name)) proven = index;
  });
  for (const [index, container] of inits.entries()) {
    const seen = seenIn(view, sandbox, container.name);
    if (isSidecar(container)) {
      const passed = planSidecar(view, plan, container, seen);
      if (!passed && !initialized && index >= proven) return false;
      continue;
    }
    if (initialized || index < proven) continue;
    if (!planOnce(view, plan, container, seen)) return false;
  }
  return true;
}

/** The order in which a pod's running containers end: all but sidecars at once, then sidecars from last to first. */
export function stopOrder(pod: PodView['pod'], running: readonly ObservedContainer[]): ObservedContainer[][] {
  const sidecars = (pod.spec?.initContainers ?? []).filter(isSidecar).map(({ name }) => name);
  const ordinary = running.filter(({ name }) => !sidecars.includes(name));
  const last = [...sidecars].reverse().map((sidecar) => running.filter(({ name }) => name === sidecar));
  return [ordinary, ...last].filter((group) => group.length > 0);
}
