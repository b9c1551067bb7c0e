import type { V1Container, V1Pod } from '../api/gen/types.ts';
import { computeInitActions } from './init.ts';
import { currentSandbox, latest, type ObservedPod, type ObservedSandbox } from './observed.ts';
import { emptyPlan, type PodPlan, type PodView, planResize, startOrWait, stopCause } from './plan.ts';
import { containersOf, restartsAfter } from './spec.ts';

function wantsRestart(container: V1Container, pod: V1Pod): boolean {
  return (container.restartPolicy ?? pod.spec?.restartPolicy) !== 'Never';
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
