import type { KubeObject } from '../api/meta.ts';
import { type Clock, rfc3339 } from '../base/clock.ts';
import { metadataOf } from './object-meta.ts';
import type { Behaviour } from './parts.ts';
import type { PropagationPolicy } from './requests.ts';

export const orphanFinalizer = 'orphan';
export const foregroundFinalizer = 'foregroundDeletion';

/** The finalizers that the object has once a deletion with this policy has begun. */
export function finalizersFor(
  object: KubeObject,
  policy: PropagationPolicy | undefined,
  behaviour: Behaviour,
): string[] {
  const finalizers = object.metadata?.finalizers ?? [];
  const others = finalizers.filter((one) => one !== orphanFinalizer && one !== foregroundFinalizer);
  switch (effectivePolicy(finalizers, policy, behaviour)) {
    case 'Orphan':
      return [...others, orphanFinalizer];
    case 'Foreground':
      return [...others, foregroundFinalizer];
    default:
      return others;
  }
}

function effectivePolicy(
  finalizers: readonly string[],
  policy: PropagationPolicy | undefined,
  behaviour: Behaviour,
): PropagationPolicy {
  if (policy) return policy;
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  if (finalizers.includes(foregroundFinalizer)) return 'Foreground';
  return behaviour.orphansByDefault ? 'Orphan' : 'Background';
}

/** Whether nothing keeps the object any more: it is being deleted, its time is over and no finalizer is left. */
export function mayGo(object: KubeObject, behaviour: Behaviour): boolean {
  const metadata = object.metadata ?? {};
  if (!metadata.deletionTimestamp || (metadata.deletionGracePeriodSeconds ?? 0) > 0) return false;
  return (metadata.finalizers?.length ?? 0) === 0 && !behaviour.heldBack?.(object);
}

/** Marks the draft as being deleted. The deadline lies `graceSeconds` from now. */
export function markDeleted(draft: KubeObject, graceSeconds: number, clock: Clock): void {
  const metadata = metadataOf(draft);
  metadata.deletionTimestamp = rfc3339(clock.now() + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (metadata.generation) metadata.generation += 1;
}
