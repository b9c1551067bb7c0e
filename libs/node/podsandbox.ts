import { mkdirSync } from 'node:fs';
import type { V1Pod } from '../api/gen/types.ts';
import { StatusError } from '../base/status.ts';
import type { ObservedPod } from '../pods/observed.ts';
import type { SandboxConfig } from '../runtime/runtime.ts';
import type { WorkerDeps } from './deps.ts';
import { writeHosts } from './hosts.ts';
import type { PodPaths } from './options.ts';
import { identity } from './starter.ts';

const noUserNamespaces = "can't set `spec.hostUsers: false`, runtime does not support user namespaces";

export interface SandboxRequest {
  pod: V1Pod;
  paths: PodPaths;
  config: SandboxConfig;
}

/**
 * Makes a pod's sandbox. It is on record from the moment it exists, without an address; a failure after that leaves one
 * that the next plan replaces.
 */
export async function createSandbox(deps: WorkerDeps, request: SandboxRequest): Promise<void> {
  const { runtime, view } = deps;
  const { pod, paths, config } = request;
  // Rather no pod than one whose root is the node's.
  if (pod.spec?.hostUsers === false) throw new StatusError('Invalid', noUserNamespaces);
  const handler = await deps.objects.runtimeHandler(pod);
  mkdirSync(paths.directory, { recursive: true });
  mkdirSync(paths.logs, { recursive: true });
  // On the node's network the first container may start before the sandbox has been asked for its address.
  if (pod.spec?.hostNetwork) await writeHosts(paths.hostsFile, pod, [], deps.dns.domain);
  const id = await deps.sandboxGate.run(() => runtime.runSandbox(config, handler));
  const record = { id, attempt: config.attempt, ready: true, createdAtMs: deps.clock.now(), ips: [] };
  view.addSandbox(identity(pod), record);
  const { ready, createdAtMs, ips } = await runtime.sandboxStatus(id);
  if (!pod.spec?.hostNetwork) await writeHosts(paths.hostsFile, pod, ips, deps.dns.domain);
  view.addSandbox(identity(pod), { ...record, ready, createdAtMs, ips });
}

/** Removes replaced sandboxes that hold no container: those with some stay for their logs until the pod goes. */
export async function removeEmptySandboxes(deps: WorkerDeps, observed: ObservedPod): Promise<void> {
  const holding = new Set(observed.containers.map(({ sandboxId }) => sandboxId));
  for (const { id } of observed.sandboxes.slice(1)) {
    if (holding.has(id)) continue;
    await deps.runtime.removeSandbox(id);
    deps.view.forget(id);
  }
}
