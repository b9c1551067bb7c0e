import type { V1Container, V1EphemeralContainer, V1Pod } from '../api/gen/types.ts';
import { seedOf } from '../base/random.ts';

export type ContainerKind = 'init' | 'main' | 'ephemeral';

export interface ContainerOf {
  kind: ContainerKind;
  container: V1Container;
}

/** Whether an init container keeps running beside the main ones: a sidecar. */
export function isSidecar(container: V1Container): boolean {
  return container.restartPolicy === 'Always';
}

function asContainer(ephemeral: V1EphemeralContainer): V1Container {
  const { targetContainerName: _, ...container } = ephemeral;
  return container;
}

/** Every container of a pod with its kind, in the order of the specification. */
export function containersOf(pod: V1Pod): ContainerOf[] {
  const spec = pod.spec;
  if (!spec) return [];
  return [
    ...(spec.initContainers ?? []).map((container) => ({ kind: 'init' as const, container })),
    ...spec.containers.map((container) => ({ kind: 'main' as const, container })),
    ...(spec.ephemeralContainers ?? []).map((ephemeral) => ({
      kind: 'ephemeral' as const,
      container: asContainer(ephemeral),
    })),
  ];
}

export function containerNamed(pod: V1Pod, name: string): ContainerOf | undefined {
  return containersOf(pod).find((entry) => entry.container.name === name);
}

/** Whether `exitCode` makes the container run again under its own rules, its own policy, or the pod's. */
export function restartsAfter(container: V1Container, podPolicy: string | undefined, exitCode: number): boolean {
  for (const rule of container.restartPolicyRules ?? []) {
    const codes = rule.exitCodes;
    if (!codes) continue;
    const listed = (codes.values ?? []).includes(exitCode);
    if (listed === (codes.operator === 'In')) return true;
  }
  const policy = container.restartPolicy ?? podPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return policy === 'Always' || exitCode !== 0;
}

/** A fingerprint of what, when changed, means the container must be replaced. */
export function hashOf(container: V1Container): string {
  return seedOf(`${container.name}\n${container.image ?? ''}`).toString(16);
}

/** `name_namespace(uid)`: how messages name a pod. */
export function podText(pod: V1Pod): string {
  return `${pod.metadata?.name}_${pod.metadata?.namespace}(${pod.metadata?.uid})`;
}

export function isTerminal(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
