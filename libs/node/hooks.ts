import type { V1Container, V1LifecycleHandler } from '../api/gen/types.ts';
import { type Clock, sleep } from '../base/clock.ts';
import type { ContainerRuntime } from '../runtime/runtime.ts';
import { httpGet, httpTarget } from './probes/http.ts';

export interface HookTarget {
  container: V1Container;
  containerId: string;
  podIp: string;
}

/** How long an HTTP hook waits when nothing else bounds it. */
const httpTimeoutMsMax = 120_000;

/** Runs one lifecycle hook to its end, or for `timeoutMs`. @throws Error saying what went wrong. */
export async function runHook(
  deps: { runtime: ContainerRuntime; clock: Clock },
  hook: V1LifecycleHandler,
  target: HookTarget,
  timeoutMs: number | undefined,
): Promise<void> {
  if (hook.exec) {
    const command = hook.exec.command ?? [];
    const seconds = timeoutMs === undefined ? 0 : Math.max(1, Math.ceil(timeoutMs / 1000));
    const result = await deps.runtime.execSync(target.containerId, command, seconds);
    if (result.exitCode === 0) return;
    const output = Buffer.concat([result.stdout, result.stderr]).toString('utf8');
    const what = `Exec lifecycle hook (${JSON.stringify(command)}) for Container "${target.container.name}"`;
    const why = `command exited with ${result.exitCode}, message: ${JSON.stringify(output)}`;
    throw new Error(`${what} failed - error: ${why}`);
  }
  if (hook.httpGet) {
    const where = httpTarget(hook.httpGet, target.container, target.podIp, 'kube-lifecycle/1.36');
    await httpGet(where, timeoutMs ?? httpTimeoutMsMax);
    return;
  }
  if (hook.sleep) {
    const wishMs = hook.sleep.seconds * 1000;
    await sleep(deps.clock, Math.min(wishMs, timeoutMs ?? wishMs));
    return;
  }
  // A TCP hook is accepted by the API and, as everywhere, not run.
}
